import type { Checkpoint } from '../../../contracts/records.js';
import { tailsPrefix } from '../objects/keys.js';

/** An object with bytes of an unfinished upload that are in no part yet: from `start` up to, and without, `end`. */
export interface TailObject {
  readonly start: number;
  readonly end: number;
}

/** Both ends are in the key, so two gateways that save tails from the same start on do not overwrite each other's. */
export const tailKey = (fileId: string, { start, end }: TailObject): string => `${tailsPrefix(fileId)}${start}-${end}`;

export function tailOf(key: string): TailObject | undefined {
  const [, start, end] = /\/(\d+)-(\d+)$/.exec(key) ?? [];
  return start === undefined ? undefined : { start: Number(start), end: Number(end) };
}

/** An empty object that says all by its name, so that one listing finds tail objects and checkpoints. */
export const checkpointKey = (fileId: string, { offset, crc32 }: Checkpoint): string =>
  `${tailsPrefix(fileId)}point-${offset}-${crc32}`;

export function checkpointOf(key: string): Checkpoint | undefined {
  const [, offset, crc32] = /\/point-(\d+)-(\d+)$/.exec(key) ?? [];
  return offset === undefined ? undefined : { offset: Number(offset), crc32: Number(crc32) };
}

/** The fewest tail objects that together cover `start` to `end`; those up to the first gap, where there is one. */
export function covering(tails: readonly TailObject[], start: number, end: number): TailObject[] {
  const chain: TailObject[] = [];
  for (let position = start; position < end;) {
    const reaching = tails.filter((tail) => tail.start <= position && tail.end > position);
    const furthest = reaching.sort((a, b) => b.end - a.end)[0];
    if (!furthest) return chain;
    chain.push(furthest);
    position = furthest.end;
  }
  return chain;
}
