import pRetry from 'p-retry';

export interface RetryOptions {
  /** After this long without success, the last error is thrown, in milliseconds. */
  readonly giveUpAfterMs: number;
  /** When it aborts, nothing is retried any more: the wait ends with the signal's reason. */
  readonly signal: AbortSignal;
  readonly shouldRetry: (error: unknown) => boolean;
  /** The shortest wait before the first retry, in milliseconds. The next ones are twice as long each. @default 100 */
  readonly firstWaitMs?: number;
  /** The longest wait, in milliseconds. @default 3000 */
  readonly longestWaitMs?: number;
}

/** Repeats work until it succeeds, fails for good, or has failed for too long. Waits have jitter. */
export function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { giveUpAfterMs, signal, shouldRetry, firstWaitMs = 100, longestWaitMs = 3000 } = options;
  return pRetry(work, {
    retries: Infinity,
    maxRetryTime: giveUpAfterMs,
    minTimeout: firstWaitMs,
    maxTimeout: longestWaitMs,
    randomize: true,
    signal,
    shouldRetry: ({ error }) => shouldRetry(error),
  });
}
