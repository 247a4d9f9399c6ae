/** Computes a CRC-32 as zlib does. `previous` is the CRC-32 of the bytes before. */
export type Checksum = (bytes: Uint8Array, previous?: number) => number;
