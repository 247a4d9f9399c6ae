import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';

// Runs in a thread of its own, started by `DigestThread`: a path comes in, the digests of the file go out.

/** Reads of 1 MiB cost little memory and few switches between threads. */
const READ_BYTES = 1024 * 1024;

async function digest(path: string) {
  const sha256 = createHash('sha256');
  let crc = 0;
  let size = 0;
  for await (const bytes of createReadStream(path, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>) {
    sha256.update(bytes);
    crc = crc32(bytes, crc);
    size += bytes.length;
  }
  return { size, crc32: crc, sha256: sha256.digest('hex') };
}

parentPort?.on('message', ({ id, path }: { id: number; path: string }) => {
  digest(path).then(
    (result) => parentPort?.postMessage({ id, result }),
    (error: NodeJS.ErrnoException) => parentPort?.postMessage({ id, code: error.code, message: error.message }),
  );
});
