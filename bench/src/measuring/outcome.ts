/** What one contender did in one turn. Undefined is what this system, or this contender, does not tell. */
export interface Measured {
  readonly seconds: number;
  readonly clientCpuSeconds: number;
  readonly serverCpuSeconds: number | undefined;
  /** Before any client came. */
  readonly serverIdleMib: number | undefined;
  readonly serverPeakMib: number | undefined;
  /** Of the server: how late its event loop was, the 99th percentile in milliseconds. */
  readonly loopDelayMs: number | undefined;
  /** Bytes that went over the link beyond the files. */
  readonly sentBeyond: number | undefined;
  readonly connections: number | undefined;
  /** Seconds that a byte waited in front of the link. */
  readonly longestWait: number | undefined;
  /** Of the bytes of each file after half the time. */
  readonly fairness: number | undefined;
  /** On a page's thread, in milliseconds. */
  readonly longestTaskMs: number | undefined;
  /** JavaScript's heap of a page, at the most. */
  readonly heapMib: number | undefined;
}

export type Outcome =
  | { readonly status: 'measured'; readonly measured: Measured }
  /** It would have gone on for longer than it was given. */
  | { readonly status: 'never ends'; readonly afterSeconds: number }
  | { readonly status: 'failed'; readonly why: string };
