import { freeBytes } from '@upload-streams/protocol';

/** Pieces smaller than this are copied, so that the memory they were read into can be freed. */
const WORTH_KEEPING_BYTES = 16 * 1024;

/**
 * The memory into which a socket has read. It is freed as soon as it was processed, unless somebody keeps much of it.
 *
 * What it gains: with 100 uploads of 5 MiB at once, 31 % of the gateway's CPU (3.71 instead of 5.37 s per GiB) and a fifth of
 * its peak memory (206 instead of 253 MiB). V8 reacts to much memory outside its heap with full collections.
 * (`npm run bench -- many-at-once --scale 0.5 --rounds 4`, with and without it interleaved; docs/decisions/0013-memory.md)
 *
 * What it relies on: nobody else keeps the bytes that a socket emits, and `freeBytes` of `libs/protocol`.
 *
 * Switch: the option `fastPaths` (`FAST_PATHS`). Without it, the garbage collector frees the memory.
 */
export class ReadMemory {
  private isKept = false;

  constructor(private readonly bytes: Buffer) {}

  /** Bytes for somebody who keeps them. */
  lend(start: number, end: number): Buffer {
    const piece = this.bytes.subarray(start, end);
    if (piece.length < WORTH_KEEPING_BYTES) return Buffer.from(piece);
    this.isKept = true;
    return piece;
  }

  /** The bytes can't be used afterwards, except those that were lent. */
  free(): void {
    if (!this.isKept) freeBytes(this.bytes);
  }
}
