/** A chunk whose payload has been checked against its schema. */
export interface IncomingChunk {
  /** Position in the file, in bytes. */
  readonly offset: number;
  readonly chunk: Uint8Array;
  /** CRC-32 of `chunk`, as the client computed it. */
  readonly crc32: number;
  /** Whether the file ends with this chunk. */
  readonly last: boolean;
  /** CRC-32 of the whole file; only the last chunk has it. */
  readonly fileCrc32?: number | undefined;
}

/**
 * Compares a chunk with the offset that the session expects: its bytes are already stored, it is the next one, or it
 * leaves a gap. A last chunk whose bytes are already stored is `next`, because the end of the file is new.
 */
export function classify({ offset, chunk, last }: IncomingChunk, expected: number): 'duplicate' | 'next' | 'gap' {
  const end = offset + chunk.length;
  if (offset === expected || (end === expected && last)) return 'next';
  return end <= expected ? 'duplicate' : 'gap';
}
