/** A chunk whose form has been checked. */
export interface IncomingChunk {
  /** Position in the file, in bytes. */
  readonly offset: number;
  readonly chunk: Uint8Array;
  /** CRC-32 of `chunk`, as the client computed it. */
  readonly crc32: number;
  /** Whether the file ends with it. */
  readonly last: boolean;
  /** CRC-32 of the whole file; comes with the last chunk. */
  readonly fileCrc32?: number | undefined;
}

/**
 * What a chunk is to a session that wants `expected`: one that it has already, the next one, or one that leaves a gap. The
 * last chunk is `next` also where its bytes are there and only the end of the file is new.
 */
export function classify({ offset, chunk, last }: IncomingChunk, expected: number): 'duplicate' | 'next' | 'gap' {
  const end = offset + chunk.length;
  if (offset === expected || (end === expected && last)) return 'next';
  return end <= expected ? 'duplicate' : 'gap';
}
