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
