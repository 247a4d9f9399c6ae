import { crc32 } from '@node-rs/crc32';
import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { RunningDigest } from './digest.ts';
import { batchOf, failed, onRequests, type FileAnswer } from './file-answer.ts';
import type { StoredDigest } from '../../contracts/partial-file.js';

// Runs in a thread of its own, started by `PassingDigests`.

/** The next bytes of a stream, which are sent back once they are hashed; or its end, for its digest. */
export interface PassingRequest {
  readonly id: number;
  readonly stream: number;
  readonly what: 'pass' | 'finish' | 'discard';
  readonly bytes?: Uint8Array;
  /** The positions within the bytes at which parts end. */
  readonly cuts?: readonly number[];
  /** Whether MD5 of the parts is wanted beside their CRC-32. It costs four times as much. */
  readonly md5: boolean;
  /** Whether SHA-256 of the whole is wanted beside its CRC-32. */
  readonly sha256: boolean;
}

export interface PartDigest {
  readonly crc32: number;
  /** Undefined where it was not wanted. */
  readonly md5: Buffer | undefined;
}

export interface PassingAnswer {
  readonly bytes?: Uint8Array;
  /** Of the parts that end within the bytes; at the end of the stream, of the last part. */
  readonly parts: readonly PartDigest[];
  readonly whole?: StoredDigest;
}

interface OpenPart {
  crc: number;
  readonly md5: Hash | undefined;
}

interface Stream {
  readonly whole: RunningDigest;
  part: OpenPart;
}

const streams = new Map<number, Stream>();

const newPart = (md5: boolean): OpenPart => ({ crc: 0, md5: md5 ? createHash('md5') : undefined });

function streamOf({ stream: id, md5, sha256 }: PassingRequest): Stream {
  const stream = streams.get(id) ?? { whole: new RunningDigest(sha256), part: newPart(md5) };
  streams.set(id, stream);
  return stream;
}

function endPart(stream: Stream, md5: boolean): PartDigest {
  const { part } = stream;
  stream.part = newPart(md5);
  return { crc32: part.crc, md5: part.md5?.digest() };
}

function pass(stream: Stream, bytes: Uint8Array): void {
  stream.whole.update(bytes);
  stream.part.md5?.update(bytes);
  stream.part.crc = crc32(bytes, stream.part.crc);
}

function answerTo(request: PassingRequest): PassingAnswer | undefined {
  const { stream: id, what, bytes = new Uint8Array(0), cuts = [], md5 } = request;
  if (what === 'discard') {
    streams.delete(id);
    return undefined;
  }
  const stream = streamOf(request);
  if (what === 'finish') {
    streams.delete(id);
    return { parts: [endPart(stream, md5)], whole: stream.whole.end() };
  }
  const parts: PartDigest[] = [];
  let start = 0;
  for (const cut of [...cuts, bytes.length]) {
    pass(stream, bytes.subarray(start, cut));
    if (parts.length < cuts.length) parts.push(endPart(stream, md5));
    start = cut;
  }
  return { bytes, parts };
}

onRequests<PassingRequest>(parentPort, (requests) => {
  for (const request of requests) {
    try {
      const result = answerTo(request);
      const moved = request.bytes ? [request.bytes.buffer as ArrayBuffer] : [];
      if (result) parentPort?.postMessage(batchOf<FileAnswer<PassingAnswer>>([{ id: request.id, result }]), moved);
    } catch (error) {
      parentPort?.postMessage(batchOf([failed(request.id, error)]));
    }
  }
});
