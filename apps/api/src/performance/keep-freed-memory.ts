import { freeBytes } from '@upload-streams/protocol';

/** glibc adjusts its thresholds for blocks of up to 32 MiB, including the block header. This leaves room for the header. */
const LARGEST_BLOCK_BYTES = 32 * 1024 * 1024 - 64 * 1024;

/**
 * Makes the C library keep freed memory for the next chunk.
 *
 * What it does: by default, glibc returns free memory at the end of its heap to the system and then requests it again, and
 * the kernel clears every page each time: 90,000 page faults per gigabyte. glibc derives its thresholds from the largest
 * block freed so far (mallopt(3), M_MMAP_THRESHOLD). Freeing a block of almost 32 MiB makes it keep up to 64 MiB. The block
 * is never written to, so it costs no physical memory.
 *
 * What it gains: with 100 uploads of 5 MiB at once, 8 % of the CPU (3.76 instead of 4.09 s per GiB).
 * (`npm run bench -- many-at-once --scale 0.5 --rounds 4`, with and without it interleaved; docs/decisions/0013-memory.md)
 * MALLOC_TRIM_THRESHOLD_ and MALLOC_MMAP_THRESHOLD_ have the same effect, but glibc reads them only when a process starts.
 *
 * What it relies on: glibc. With other C libraries, the call is harmless.
 *
 * Switch: `FAST_PATHS=false`.
 */
export function keepFreedMemory(): void {
  freeBytes(new Uint8Array(LARGEST_BLOCK_BYTES));
}
