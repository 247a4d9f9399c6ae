import { describe, expect, it } from '@jest/globals';
import { freeBytes } from '@upload-streams/protocol';
import { keepFreedMemory } from './keep-freed-memory.js';

const KIB = 1024;

/** The report names the version of glibc; other C libraries are not mentioned. */
const { header } = process.report.getReport() as { readonly header: object };
const onGlibc = 'glibcVersionRuntime' in header;

if (!onGlibc) process.stderr.write('Skipped: keeping freed memory, which needs glibc (run on Linux, not on Alpine).\n');

describe('keepFreedMemory', () => {
  const CHUNK_BYTES = 1024 * KIB;
  const AT_ONCE = 8;
  const ROUNDS = 16;

  /** The number of pages that the system had to provide. */
  function pagesTaken(): number {
    const before = process.resourceUsage().minorPageFault;
    for (let round = 0; round < ROUNDS; round++) {
      const chunks = Array.from({ length: AT_ONCE }, () => new Uint8Array(CHUNK_BYTES).fill(1));
      chunks.forEach(freeBytes);
    }
    return process.resourceUsage().minorPageFault - before;
  }

  (onGlibc ? it : it.skip)('reuses the memory of earlier chunks instead of new pages (on Linux with glibc)', () => {
    keepFreedMemory();
    pagesTaken();
    const pagesOfChunks = (ROUNDS * AT_ONCE * CHUNK_BYTES) / (4 * KIB);
    expect(pagesTaken()).toBeLessThan(pagesOfChunks / 4);
  });
});
