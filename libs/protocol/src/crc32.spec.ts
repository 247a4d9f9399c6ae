import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { crc32, crc32Combine } from './crc32.js';

const bytes = fc.uint8Array({ maxLength: 300 });

describe('crc32', () => {
  it('gives the check value of the CRC catalogue for "123456789"', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('equals zlib on any bytes', () => {
    fc.assert(fc.property(bytes, (data) => crc32(data) === zlibCrc32(data)));
  });

  it('equals zlib for bytes at any position in their buffer', () => {
    const offset = fc.nat(9);
    fc.assert(
      fc.property(bytes, offset, offset, (data, from, cut) => {
        const part = data.subarray(from, Math.max(from, data.length - cut));
        return crc32(part) === zlibCrc32(part);
      }),
    );
  });

  it('continues from the CRC of the preceding bytes', () => {
    fc.assert(fc.property(bytes, bytes, (a, b) => crc32(b, crc32(a)) === zlibCrc32(Buffer.concat([a, b]))));
  });
});

describe('crc32Combine', () => {
  it('computes the CRC of two pieces from the CRC of each', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => crc32Combine(crc32(a), crc32(b), b.length) === crc32(Buffer.concat([a, b]))),
    );
  });

  it('is associative for lengths beyond 32 bits', () => {
    // The CRC of no bytes is 0.
    const length = fc.integer({ min: 1, max: 2 ** 40 });
    const crc = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(crc, crc, crc, length, length, (a, b, c, lengthB, lengthC) => {
        const left = crc32Combine(crc32Combine(a, b, lengthB), c, lengthC);
        const right = crc32Combine(a, crc32Combine(b, c, lengthC), lengthB + lengthC);
        expect(left).toBe(right);
      }),
    );
  });
});
