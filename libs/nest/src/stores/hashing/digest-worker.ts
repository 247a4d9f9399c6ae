import { closeSync, openSync, readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { RunningDigest } from './digest.ts';
import { batchOf, failed, onRequests, type FileAnswer } from './file-answer.ts';
import type { StoredDigest } from '../../contracts/partial-file.js';

// Runs in a thread of its own, started by `DigestThread`. Nothing else waits for this thread, so it reads without promises,
// always into the same buffer, which stays in the processor's cache between the two checksums.

/** `advance` hashes up to an offset, `finish` up to the end, and answers; `discard` forgets. */
export interface DigestRequest {
  readonly id: number;
  readonly what: 'advance' | 'finish' | 'discard';
  readonly path: string;
  readonly upTo: number;
  /** Whether SHA-256 is wanted beside CRC-32. */
  readonly sha256: boolean;
}

const buffer = Buffer.allocUnsafe(128 * 1024);
const progresses = new Map<number, RunningDigest>();

function progressOf({ id, sha256 }: DigestRequest): RunningDigest {
  const progress = progresses.get(id) ?? new RunningDigest(sha256);
  progresses.set(id, progress);
  return progress;
}

/** Opens the file each time, so that thousands of slow uploads do not need a second handle each. */
function hashUpTo(progress: RunningDigest, path: string, upTo: number): void {
  const file = openSync(path, 'r');
  try {
    while (progress.size < upTo) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, upTo - progress.size), progress.size);
      if (read === 0) return;
      progress.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(file);
  }
}

function answerTo(request: DigestRequest): FileAnswer<StoredDigest> | undefined {
  const { id, what, path, upTo } = request;
  try {
    const progress = progressOf(request);
    if (what !== 'discard') hashUpTo(progress, path, upTo);
    if (what === 'advance') return undefined;
    progresses.delete(id);
    if (what === 'discard') return undefined;
    return { id, result: progress.end() };
  } catch (error) {
    // Where an upload can't be read before its end, it is read again at its end, and the failure is reported then.
    if (what !== 'finish') return undefined;
    progresses.delete(id);
    return failed(id, error);
  }
}

onRequests<DigestRequest>(parentPort, (requests) => {
  for (const request of requests) {
    const answer = answerTo(request);
    if (answer) parentPort?.postMessage(batchOf([answer]));
  }
});
