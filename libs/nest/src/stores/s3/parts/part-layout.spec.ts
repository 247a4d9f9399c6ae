import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { partAt } from './part-layout.js';

const MIB = 1024 ** 2;
const TIB = 1024 ** 4;

describe('partAt', () => {
  it('begins with parts of 8 MiB, and doubles their size after each thousand', () => {
    expect(partAt(0)).toEqual({ number: 1, start: 0, end: 8 * MIB });
    expect(partAt(8 * MIB)).toEqual({ number: 2, start: 8 * MIB, end: 16 * MIB });
    expect(partAt(8000 * MIB - 1)).toMatchObject({ number: 1000, end: 8000 * MIB });
    expect(partAt(8000 * MIB)).toEqual({ number: 1001, start: 8000 * MIB, end: 8016 * MIB });
  });

  it('reaches 5 TiB with the parts that S3 takes: 10,000, of 5 MiB to 5 GiB', () => {
    const last = partAt(5 * TIB - 1);
    expect(last.number).toBeLessThanOrEqual(10_000);
    expect(last.end - last.start).toBeLessThanOrEqual(5120 * MIB);
  });

  it('leaves no gap, and gives each byte to one part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 * TIB }), (offset) => {
        const part = partAt(offset);
        expect(offset).toBeGreaterThanOrEqual(part.start);
        expect(offset).toBeLessThan(part.end);
        expect(partAt(part.start)).toEqual(part);
        expect(partAt(part.end)).toMatchObject({ number: part.number + 1, start: part.end });
      }),
    );
  });
});
