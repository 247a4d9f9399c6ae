/** Smaller ones may lie in a pool or be shared, and matter to nobody: 16 KiB. */
const WORTH_BYTES = 16 * 1024;

/**
 * Gives the memory of a chunk back now, if nothing else is in it. Left to the garbage collector, chunks set off full
 * collections: they lie outside of V8's heap and count towards its limits. Only who owns the bytes may call it; they
 * can't be used afterwards.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  const alone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (alone && byteLength >= WORTH_BYTES) (buffer as Partial<Pick<ArrayBuffer, 'transfer'>>).transfer?.(0);
}

/** The largest block that glibc lets set its thresholds is 32 MiB with its head; this much fits beside that. */
const LARGEST_BLOCK_BYTES = 32 * 1024 * 1024 - 64 * 1024;

/**
 * Has the C library keep what is freed, for the next chunk. glibc gives free memory at the end of its heap back to the
 * system and asks for it again, and each page of it is cleared anew: for a gigabyte, 90,000 page faults on either side. Its
 * limits for that follow the largest block that was ever freed (mallopt(3), M_MMAP_THRESHOLD): after one of almost 32 MiB,
 * which nobody has touched and which so costs nothing, up to 64 MiB are kept. Other C libraries have such limits or none.
 */
export function keepFreedMemory(): void {
  freeBytes(new Uint8Array(LARGEST_BLOCK_BYTES));
}
