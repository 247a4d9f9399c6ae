/** What depends on the platform that the client runs on. */
export interface LinkTuning {
  /**
   * Extra data in flight, as milliseconds of the link's rate. It covers moments when either end is busy with something
   * else, which the lowest round trip does not show. With acks that are sometimes 15 ms late, 10 ms would leave a fifth of a
   * 20 ms link unused; 20 ms leave a hundredth.
   */
  readonly slackMs: number;
  /** On a fast link, a chunk holds at least as many bytes as the link carries in this time. */
  readonly chunkMs: number;
  /** Beyond this size, a larger chunk saves no work and costs memory at both ends. */
  readonly largestChunkBytes: number;
}

export const NODE_LINK: LinkTuning = { slackMs: 20, chunkMs: 1, largestChunkBytes: 1024 * 1024 };

/**
 * In a browser, bytes pass through several processes, each of which may be busy. Chromium's allocator (PartitionAlloc,
 * `kMaxBucketed`) reuses blocks of up to 960 KiB and maps larger ones anew each time.
 */
export const BROWSER_LINK: LinkTuning = { slackMs: 100, chunkMs: 50, largestChunkBytes: 896 * 1024 };
