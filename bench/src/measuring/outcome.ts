/** The figures of one contender in one turn. Undefined if this system or this contender does not report a figure. */
export interface Measured {
  readonly seconds: number;
  readonly clientCpuSeconds: number;
  readonly serverCpuSeconds: number | undefined;
  /** Before the first client connected. */
  readonly serverIdleMib: number | undefined;
  readonly serverPeakMib: number | undefined;
  /** Delay of the server's event loop, the 99th percentile in milliseconds. */
  readonly loopDelayMs: number | undefined;
  /** Bytes that the client sent in addition to the files. */
  readonly sentBeyond: number | undefined;
  readonly connections: number | undefined;
  /** The longest time that a byte waited in front of the link, in seconds. */
  readonly longestWait: number | undefined;
  /** Jain's index of the bytes of each file after half the time. */
  readonly fairness: number | undefined;
  /** The longest task on a page's thread, in milliseconds. */
  readonly longestTaskMs: number | undefined;
  /** The largest JavaScript heap of a page. */
  readonly heapMib: number | undefined;
}

export type Outcome =
  | { readonly status: 'measured'; readonly measured: Measured }
  /** The upload took longer than the workload allows. */
  | { readonly status: 'never ends'; readonly afterSeconds: number }
  | { readonly status: 'failed'; readonly why: string };
