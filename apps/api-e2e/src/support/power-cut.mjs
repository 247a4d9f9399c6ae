// Preloaded into the built API (`node --import`), turns SIGUSR2 into a power cut: it undoes every write to an upload's bytes
// that was not synced, as a disk may lose what was only in its cache, and kills the process. It wraps Node's FileHandle, so
// the API, the file system and SQLite are the real ones.
import { closeSync, fstatSync, futimesSync, openSync, readlinkSync, unlinkSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Unsynced ranges by file descriptor. */
const unsynced = new Map();

const probePath = `/tmp/power-cut-probe-${process.pid}`;
const probe = await open(probePath, 'w');
const prototype = Object.getPrototypeOf(probe);
await probe.close();
unlinkSync(probePath);

const { write, datasync, sync, close } = prototype;

prototype.write = async function (bytes, from, length, position) {
  const result = await write.call(this, bytes, from, length, position);
  const ranges = unsynced.get(this.fd) ?? unsynced.set(this.fd, []).get(this.fd);
  ranges.push({ position, length: result.bytesWritten });
  return result;
};

// A sync may or may not cover what is written while it runs. Here it does not.
const forgettingAfter = (work) =>
  async function () {
    const covered = [...(unsynced.get(this.fd) ?? [])];
    await work.call(this);
    const left = (unsynced.get(this.fd) ?? []).filter((range) => !covered.includes(range));
    unsynced.set(this.fd, left);
  };
prototype.datasync = forgettingAfter(datasync);
prototype.sync = forgettingAfter(sync);

// A power cut loses the unsynced ranges of closed files too.
const closedPaths = new Map();
prototype.close = function () {
  const ranges = unsynced.get(this.fd);
  if (ranges?.length) closedPaths.set(readlinkSync(`/proc/self/fd/${this.fd}`), ranges);
  unsynced.delete(this.fd);
  return close.call(this);
};

/** Replaces bytes by zeros: sizes are journalled, bytes are not. The old date is that of a write before the power cut. */
function lose(fd, ranges) {
  for (const { position, length } of ranges) writeSync(fd, Buffer.alloc(length), 0, length, position);
  if (fstatSync(fd).isFile()) futimesSync(fd, 1, 1);
}

process.on('SIGUSR2', () => {
  for (const [fd, ranges] of unsynced) lose(fd, ranges);
  for (const [path, ranges] of closedPaths) {
    try {
      const fd = openSync(path, 'r+');
      lose(fd, ranges);
      closeSync(fd);
    } catch {
      // The file was removed meanwhile.
    }
  }
  process.kill(process.pid, 'SIGKILL');
});
