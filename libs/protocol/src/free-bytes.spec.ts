import { describe, expect, it } from '@jest/globals';
import { freeBytes, keepFreedMemory } from './free-bytes.js';

const KIB = 1024;

describe('freeBytes', () => {
  it('gives back bytes that are alone in their memory', () => {
    const bytes = new Uint8Array(64 * KIB);
    freeBytes(bytes);
    expect(bytes.length).toBe(0);
  });

  it('leaves bytes alone beside which there are others', () => {
    const whole = new Uint8Array(128 * KIB);
    freeBytes(whole.subarray(0, 64 * KIB));
    expect(whole.length).toBe(128 * KIB);
  });

  it.each([0, 100])('leaves %d bytes alone, which may be shared and matter to nobody', (size) => {
    const bytes = new Uint8Array(size);
    freeBytes(bytes);
    expect(bytes.buffer.detached).toBe(false);
  });

  it('does nothing where the platform has no way to', () => {
    const { transfer } = ArrayBuffer.prototype;
    const bytes = new Uint8Array(64 * KIB);
    try {
      Object.assign(ArrayBuffer.prototype, { transfer: undefined });
      freeBytes(bytes);
    } finally {
      Object.assign(ArrayBuffer.prototype, { transfer });
    }
    expect(bytes.length).toBe(64 * KIB);
  });
});

/** That of the C library of GNU; of others there is nothing to be seen. */
const { header } = process.report.getReport() as { readonly header: object };
const onGlibc = 'glibcVersionRuntime' in header;

if (!onGlibc) process.stderr.write('Skipped: memory that is kept, which needs glibc (run on Linux, not on Alpine).\n');

describe('keepFreedMemory', () => {
  const CHUNK_BYTES = 1024 * KIB;
  const AT_ONCE = 8;
  const ROUNDS = 16;

  /** Pages that the system had to give anew. */
  function pagesTaken(): number {
    const before = process.resourceUsage().minorPageFault;
    for (let round = 0; round < ROUNDS; round++) {
      const chunks = Array.from({ length: AT_ONCE }, () => new Uint8Array(CHUNK_BYTES).fill(1));
      chunks.forEach(freeBytes);
    }
    return process.resourceUsage().minorPageFault - before;
  }

  (onGlibc ? it : it.skip)(
    'lets chunks use the memory of those before, instead of new pages (on Linux with glibc)',
    () => {
      keepFreedMemory();
      pagesTaken();
      const pagesOfChunks = (ROUNDS * AT_ONCE * CHUNK_BYTES) / (4 * KIB);
      expect(pagesTaken()).toBeLessThan(pagesOfChunks / 4);
    },
  );
});
