import { crc32 } from '@node-rs/crc32';
import type { Checkpoint } from '../../../contracts/records.js';
import { partAt } from './part-layout.js';

/** The CRC-32 of everything that was appended to a file, and so the checkpoints at which its parts end. */
export class PrefixChecksum {
  /** `crc32`: of what was there before. */
  constructor(private crc32: number) {}

  /** Takes the next bytes. `cuts` are the positions within them at which parts end. */
  advance(offset: number, bytes: Uint8Array, cuts: readonly number[]): Checkpoint[] {
    let start = 0;
    const checkpoints = cuts.map((cut) => {
      this.crc32 = crc32(bytes.subarray(start, cut), this.crc32);
      start = cut;
      return { offset: offset + cut, crc32: this.crc32 };
    });
    this.crc32 = crc32(bytes.subarray(start), this.crc32);
    return checkpoints;
  }
}

/** The positions at which parts end within `length` bytes at an offset, counted from the offset. */
export function partEndsWithin(offset: number, length: number): number[] {
  const ends: number[] = [];
  for (let { end } = partAt(offset); end <= offset + length; { end } = partAt(end)) ends.push(end - offset);
  return ends;
}
