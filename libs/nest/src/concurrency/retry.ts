import { setTimeout as delay } from 'node:timers/promises';

export interface RetryOptions {
  /** An error that comes later than this is thrown, in milliseconds from the start. The last attempt may come a wait later. */
  readonly giveUpAfterMs: number;
  /** When it aborts, nothing is retried any more. A wait ends with an AbortError. */
  readonly signal: AbortSignal;
  /** Whether an error may pass. */
  readonly shouldRetry: (error: unknown) => boolean;
  /** The longest wait before the first retry, in milliseconds. The next waits are twice as long each. @default 100 */
  readonly firstWaitMs?: number;
  /** The longest wait, in milliseconds. @default 3000 */
  readonly longestWaitMs?: number;
}

/**
 * Repeats work until it succeeds, fails for good, or has failed for too long. Waits have jitter: each takes between half of
 * its length and all of it.
 *
 * It is our own since p-retry 9 judges errors by `instanceof Error` and never retries a TypeError: an error of another realm,
 * such as those of Node's sockets under Jest, ends all attempts, whatever `shouldRetry` says.
 */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { giveUpAfterMs, signal, shouldRetry, firstWaitMs = 100, longestWaitMs = 3000 } = options;
  const giveUpAt = performance.now() + giveUpAfterMs;
  for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || !shouldRetry(error) || performance.now() > giveUpAt) throw error;
      await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}
