declare module 'bufferutil' {
  /** XORs `length` bytes of `source` with the four bytes of `mask`, into `output` from `offset` on. */
  export function mask(source: Uint8Array, mask: Uint8Array, output: Uint8Array, offset: number, length: number): void;
}
