import { freeBytes } from '@upload-streams/protocol';

/** Frees the memory of bytes that nobody uses any more. They can't be used afterwards. */
export type FreeMemory = (bytes: Uint8Array) => void;

/**
 * How the gateway frees the memory of chunks: at once, by detaching their `ArrayBuffer`.
 *
 * What it gains: FIGURES
 *
 * What it relies on: `ArrayBuffer.prototype.transfer`, and a single owner of each chunk. A runtime without `transfer`
 * leaves the memory to the garbage collector.
 *
 * Switch: the option `fastPaths` (`FAST_PATHS`). Without it, the garbage collector frees the memory.
 */
export function freeMemory({ fastPaths }: { readonly fastPaths: boolean }): FreeMemory {
  return fastPaths ? freeBytes : () => undefined;
}
