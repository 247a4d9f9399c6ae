import type { ObjectBody } from '../objects/object-body.js';
import type { ObjectStore } from '../objects/object-store.js';
import { covering, tailKey, type TailObject } from '../tails/tail-object.js';
import { partAt, type PartSpan } from './part-layout.js';
import type { SharedChunk } from './shared-chunk.js';

/** A run of a part's bytes: in memory, from a position within a chunk on, or in a tail object. */
type Run = { readonly start: number; readonly end: number } & (
  { readonly chunk: SharedChunk; readonly from: number } | { readonly tail: TailObject }
);

/**
 * A part of a file while it grows. What is in memory can be saved as tail objects, so that it is durable before the part is
 * full, and then spilled, so that it takes no memory.
 */
export class GrowingPart {
  readonly span: PartSpan;
  private runs: Run[];
  /** Everything before this offset is in tail objects. */
  private savedUpTo: number;

  /** `tail`: the tail objects of an earlier time, which cover the part from its start up to `offset`. */
  constructor(
    offset: number,
    private readonly fileId: string,
    private readonly store: ObjectStore,
    tail: readonly TailObject[] = [],
  ) {
    this.span = partAt(offset);
    this.runs = runsOf(tail, this.span.start, offset);
    this.savedUpTo = this.end;
  }

  get end(): number {
    return this.runs.at(-1)?.end ?? this.span.start;
  }

  get bytes(): number {
    return this.end - this.span.start;
  }

  /** Bytes that it takes in memory. */
  get memoryBytes(): number {
    return this.runs.reduce((sum, run) => sum + ('chunk' in run ? run.end - run.start : 0), 0);
  }

  /** The tail objects that are needed to send it. */
  get tails(): TailObject[] {
    return this.runs.flatMap((run) => ('tail' in run ? [run.tail] : []));
  }

  /** Adds `length` bytes of a chunk, from `from` on, as far as there is room; returns how many it took. */
  add(chunk: SharedChunk, from: number, length: number): number {
    const start = this.end;
    const end = Math.min(this.span.end, start + length);
    this.runs.push({ start, end, chunk, from });
    return end - start;
  }

  /** Drops what lies beyond an offset. */
  truncate(end: number): void {
    for (const run of this.runs) if (run.start >= end) releaseRun(run);
    this.runs = this.runs.filter((run) => run.start < end).map((run) => ({ ...run, end: Math.min(run.end, end) }));
    this.savedUpTo = Math.min(this.savedUpTo, end);
  }

  /** Saves what is not saved yet before `upTo`. Returns the new tail object; undefined where there was nothing to save. */
  async save(upTo = this.end): Promise<TailObject | undefined> {
    const tail = { start: this.savedUpTo, end: upTo };
    if (tail.start >= tail.end) return undefined;
    await this.store.put(tailKey(this.fileId, tail), this.body(tail.start, tail.end));
    this.savedUpTo = tail.end;
    return tail;
  }

  /** What was saved leaves the memory; it is read from the store again when the part is sent. */
  spill(tails: readonly TailObject[]): void {
    const saved = this.runs.filter((run) => run.end <= this.savedUpTo);
    const rest = this.runs.slice(saved.length);
    saved.forEach(releaseRun);
    const { start } = this.span;
    const end = rest[0]?.start ?? this.savedUpTo;
    this.runs = [...runsOf(covering(tails, start, end), start, end), ...rest];
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
      if ('chunk' in run) {
        const offset = run.from + first - run.start;
        yield (await run.chunk.bytes).subarray(offset, offset + last - first);
      } else {
        const range = { start: first - run.tail.start, end: last - run.tail.start - 1 };
        yield* this.store.read(tailKey(this.fileId, run.tail), range);
      }
    }
  }
}

/** Tail objects, which cover `start` to `end`, as runs that follow on each other. */
function runsOf(tails: readonly TailObject[], start: number, end: number): Run[] {
  let position = start;
  return tails.map((tail) => {
    const run = { start: position, end: Math.min(tail.end, end), tail };
    position = run.end;
    return run;
  });
}

function releaseRun(run: Run): void {
  if ('chunk' in run) run.chunk.release();
}
