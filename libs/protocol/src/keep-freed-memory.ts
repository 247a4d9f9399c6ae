import { freeBytes } from './free-bytes.js';

/** glibc adjusts its thresholds for blocks of up to 32 MiB, including the block header. This leaves room for the header. */
const LARGEST_BLOCK_BYTES = 32 * 1024 * 1024 - 64 * 1024;

/**
 * Makes the C library keep freed memory for the next chunk. By default, glibc returns free memory at the end of its heap to
 * the system and then requests it again, and the kernel clears every page each time: 90,000 page faults per gigabyte, on
 * client and server alike. glibc derives its thresholds from the largest block freed so far (mallopt(3),
 * M_MMAP_THRESHOLD). Freeing a block of almost 32 MiB makes it keep up to 64 MiB. The block is never written to, so it
 * costs no physical memory. With other C libraries, this call is harmless.
 */
export function keepFreedMemory(): void {
  freeBytes(new Uint8Array(LARGEST_BLOCK_BYTES));
}
