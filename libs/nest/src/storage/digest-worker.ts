import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';

// Runs in a thread of its own, started by `DigestThread`: a path comes in, the digests of the file go out. Nothing else
// waits for this thread, so it reads without promises, always into the same buffer.

const buffer = Buffer.allocUnsafe(1024 * 1024);

function digest(path: string) {
  const sha256 = createHash('sha256');
  const file = openSync(path, 'r');
  try {
    let crc = 0;
    let size = 0;
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer)) {
      const bytes = buffer.subarray(0, read);
      sha256.update(bytes);
      crc = crc32(bytes, crc);
      size += read;
    }
    return { size, crc32: crc, sha256: sha256.digest('hex') };
  } finally {
    closeSync(file);
  }
}

parentPort?.on('message', ({ id, path }: { id: number; path: string }) => {
  try {
    parentPort?.postMessage({ id, result: digest(path) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    parentPort?.postMessage({ id, code, message });
  }
});
