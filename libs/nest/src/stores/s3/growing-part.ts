import type { HeldChunk } from './held-chunk.js';
import type { ObjectBody, ObjectStore } from './object-store.js';
import { partAt, type PartSpan } from './part-layout.js';
import { pieceKey, type Piece } from './pieces.js';

/** A run of a part's bytes: in memory, or in a piece in the store, of which it is what follows `skip` bytes. */
type Run = { readonly start: number; readonly end: number } & (
  { readonly held: HeldChunk; readonly from: number } | { readonly piece: Piece }
);

/**
 * A part of a file while it grows. What is in memory can be saved in the store as pieces, so that it is durable before the
 * part is full, and then spilled, so that it takes no memory.
 */
export class GrowingPart {
  readonly span: PartSpan;
  private runs: Run[];
  /** Up to here it is saved in pieces. */
  private savedUpTo: number;

  /** `pieces` are those of an earlier time, which follow on each other from the start of the part. */
  constructor(
    offset: number,
    private readonly fileId: string,
    private readonly store: ObjectStore,
    pieces: readonly Piece[] = [],
  ) {
    this.span = partAt(offset);
    let position = this.span.start;
    this.runs = pieces.map((piece) => {
      const run = { start: position, end: Math.min(piece.end, offset), piece };
      position = run.end;
      return run;
    });
    this.savedUpTo = position;
  }

  get end(): number {
    return this.runs.at(-1)?.end ?? this.span.start;
  }

  get bytes(): number {
    return this.end - this.span.start;
  }

  /** Bytes that it takes in memory. */
  get heldBytes(): number {
    return this.runs.reduce((sum, run) => sum + ('held' in run ? run.end - run.start : 0), 0);
  }

  /** Those that it needs to be sent. */
  get pieces(): Piece[] {
    return this.runs.flatMap((run) => ('piece' in run ? [run.piece] : []));
  }

  /** The bytes of a chunk from `from` on follow; gives how many of `length` there was room for. */
  add(held: HeldChunk, from: number, length: number): number {
    const start = this.end;
    const end = Math.min(this.span.end, start + length);
    this.runs.push({ start, end, held, from });
    return end - start;
  }

  /** Drops what lies beyond an offset. */
  truncate(end: number): void {
    for (const run of this.runs) if (run.start >= end) releaseRun(run);
    this.runs = this.runs.filter((run) => run.start < end).map((run) => ({ ...run, end: Math.min(run.end, end) }));
    this.savedUpTo = Math.min(this.savedUpTo, end);
  }

  /** Saves what is not saved yet before `upTo`, and returns the piece that it became; undefined where there was nothing. */
  async save(upTo = this.end): Promise<Piece | undefined> {
    const piece = { start: this.savedUpTo, end: upTo };
    if (piece.start >= piece.end) return undefined;
    await this.store.put(pieceKey(this.fileId, piece), this.body(piece.start, piece.end));
    this.savedUpTo = piece.end;
    return piece;
  }

  /** What was saved leaves the memory; it is got back from the store when the part is sent. */
  spill(pieces: readonly Piece[]): void {
    const saved = this.runs.filter((run) => run.end <= this.savedUpTo);
    const rest = this.runs.slice(saved.length);
    saved.forEach(releaseRun);
    let position = this.span.start;
    const runs = piecesOver(pieces, position, rest[0]?.start ?? this.savedUpTo).map((piece) => {
      const run = { start: position, end: Math.min(piece.end, rest[0]?.start ?? piece.end), piece };
      position = run.end;
      return run;
    });
    this.runs = [...runs, ...rest];
  }

  release(): void {
    this.runs.forEach(releaseRun);
    this.runs = [];
  }

  /** The bytes between two offsets, as often as they are asked for. */
  body(start = this.span.start, end = this.end): ObjectBody {
    const runs = this.runs.filter((run) => run.end > start && run.start < end);
    return { bytes: end - start, chunks: () => this.chunks(runs, start, end) };
  }

  private async *chunks(runs: readonly Run[], start: number, end: number): AsyncIterable<Uint8Array> {
    for (const run of runs) {
      const first = Math.max(start, run.start);
      const last = Math.min(end, run.end);
      if ('held' in run) {
        const offset = run.from + first - run.start;
        yield (await run.held.bytes).subarray(offset, offset + last - first);
      } else {
        const range = { start: first - run.piece.start, end: last - run.piece.start - 1 };
        yield* this.store.read(pieceKey(this.fileId, run.piece), range);
      }
    }
  }
}

function releaseRun(run: Run): void {
  if ('held' in run) run.held.release();
}

/** The fewest of the pieces that follow on each other from `start` to `end`; those that there are, where some lack. */
export function piecesOver(pieces: readonly Piece[], start: number, end: number): Piece[] {
  const chain: Piece[] = [];
  for (let position = start; position < end;) {
    const reaching = pieces.filter((piece) => piece.start <= position && piece.end > position);
    const furthest = reaching.sort((a, b) => b.end - a.end)[0];
    if (!furthest) return chain;
    chain.push(furthest);
    position = furthest.end;
  }
  return chain;
}
