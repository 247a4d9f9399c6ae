import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClientJob, JobFile } from './job.ts';

/** Pieces per second of a slow source. More would measure the cost of pieces rather than of connections. */
const PIECES_PER_SECOND = 2;

/** The bytes of a file at the rate of the job. */
export function sourceStream({ path }: JobFile, { sourceBytesPerSecond }: ClientJob, readBytes: number): Readable {
  if (sourceBytesPerSecond === undefined) return createReadStream(path, { highWaterMark: readBytes });
  return Readable.from(slowly(path, sourceBytesPerSecond), { objectMode: false });
}

async function* slowly(path: string, bytesPerSecond: number): AsyncGenerator<Buffer> {
  const pieceBytes = Math.ceil(bytesPerSecond / PIECES_PER_SECOND);
  const file = await open(path);
  try {
    // Spreads the pieces of sources that start together.
    const startedAt = performance.now() - (Math.random() * 1000) / PIECES_PER_SECOND;
    for (let sent = 0; ;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, sent);
      if (bytesRead === 0) return;
      sent += bytesRead;
      await delay(Math.max(0, startedAt + (sent / bytesPerSecond) * 1000 - performance.now()));
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
