/** Smaller buffers may be pooled or shared, and freeing them gains nothing: 16 KiB. */
const WORTH_BYTES = 16 * 1024;

/**
 * Frees the memory of a chunk immediately, if the chunk has its `ArrayBuffer` to itself. Chunks that are left to the
 * garbage collector trigger full collections, because they are outside V8's heap but count towards its limits. Only the
 * owner of the bytes may call this; the bytes cannot be used afterwards.
 */
export function freeBytes({ buffer, byteLength }: Uint8Array): void {
  const alone = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (alone && byteLength >= WORTH_BYTES) (buffer as Partial<Pick<ArrayBuffer, 'transfer'>>).transfer?.(0);
}
