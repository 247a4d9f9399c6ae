import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { crc32 } from 'node:zlib';
import { failed, type FileAnswer } from './file-answer.ts';
import type { StoredDigest } from './storage-backend.js';

// Runs in a thread of its own, started by `DigestThread`. Nothing else waits for this thread, so it reads without
// promises, always into the same buffer: one that the processor's cache holds between its two checksums.

/** `advance` hashes up to an offset, `finish` up to the end, and answers; `discard` forgets. */
export interface DigestRequest {
  readonly id: number;
  readonly what: 'advance' | 'finish' | 'discard';
  readonly path: string;
  readonly upTo: number;
}

interface Progress {
  readonly sha256: Hash;
  crc: number;
  offset: number;
}

const buffer = Buffer.allocUnsafe(128 * 1024);
const progresses = new Map<number, Progress>();

function progressOf(id: number): Progress {
  const progress = progresses.get(id) ?? { sha256: createHash('sha256'), crc: 0, offset: 0 };
  progresses.set(id, progress);
  return progress;
}

/** Opens the file each time, so that thousands of slow uploads hold no second handle each. */
function hashUpTo(progress: Progress, path: string, upTo: number): void {
  const file = openSync(path, 'r');
  try {
    while (progress.offset < upTo) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, upTo - progress.offset), progress.offset);
      if (read === 0) return;
      const bytes = buffer.subarray(0, read);
      progress.sha256.update(bytes);
      progress.crc = crc32(bytes, progress.crc);
      progress.offset += read;
    }
  } finally {
    closeSync(file);
  }
}

function answerTo({ id, what, path, upTo }: DigestRequest): FileAnswer<StoredDigest> | undefined {
  try {
    const progress = progressOf(id);
    if (what !== 'discard') hashUpTo(progress, path, upTo);
    if (what === 'advance') return undefined;
    progresses.delete(id);
    if (what === 'discard') return undefined;
    const { offset: size, crc, sha256 } = progress;
    return { id, result: { size, crc32: crc, sha256: sha256.digest('hex') } };
  } catch (error) {
    // An upload that can't be read while it is under way is read again, and its failure told, at its end.
    if (what !== 'finish') return undefined;
    progresses.delete(id);
    return failed(id, error);
  }
}

parentPort?.on('message', (requests: readonly DigestRequest[]) => {
  for (const request of requests) {
    const answer = answerTo(request);
    if (answer) parentPort?.postMessage([answer]);
  }
});
