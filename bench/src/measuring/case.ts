import type { LinkFacts } from './link-process.ts';

/** What is uploaded, how many files at once, and over which link. */
export interface Case {
  /** Tells the cases of a workload apart. Empty where there is only one. */
  readonly label: string;
  readonly files: { readonly count: number; readonly bytes: number; readonly sparse?: boolean };
  /** Uploads in progress at the same time, over all connections. */
  readonly atOnce: number;
  /** Number of clients. An HTTP client opens as many sockets as it has uploads in progress. */
  readonly connections: number;
  /** @default loopback, without a proxy in between */
  readonly link?: LinkFacts;
  /** Size of the file that is uploaded before the clock starts, in bytes. @default the size of the files, at most 64 MiB */
  readonly warmUpBytes?: number;
  /** Rate at which each source can be read. @default as fast as the disk */
  readonly sourceBytesPerSecond?: number;
  /** Whether to measure how long bytes wait in front of the link. @default false */
  readonly watchQueue?: boolean;
  /** Uploads that take longer than this, in seconds, are counted as never ending. @default 600 */
  readonly giveUpSeconds?: number;
}
