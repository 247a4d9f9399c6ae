import { setTimeout as delay } from 'node:timers/promises';

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 3000;

/** What a store says that works again in a while, beside all of 500 to 599 but 501: what it lacks, it lacks for good. */
const NOT_IMPLEMENTED = 501;
const PASSING_STATUS = new Set([408, 429]);
const PASSING_NAMES = new Set(['RequestTimeout', 'SlowDown', 'Throttling', 'RequestTimeTooSkewed', 'BadDigest']);

interface StoreError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The status that a store answered with; undefined where it did not. */
export const statusOf = (error: unknown): number | undefined => (error as StoreError).$metadata?.httpStatusCode;

/**
 * Does work until it succeeds, fails for good, or has failed for so long. Waits grow up to three seconds, each between half
 * of that and all of it.
 */
export async function retrying<T>(giveUpAfterMs: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const giveUpAt = Date.now() + giveUpAfterMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayPass(error) || Date.now() + waitMs > giveUpAt) throw error;
      await delay(waitMs * (0.5 + Math.random() / 2), undefined, { signal });
    }
  }
}

function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  if (PASSING_NAMES.has((error as Error).name)) return true;
  // Without an answer it was the network.
  return status === undefined || (status >= 500 && status !== NOT_IMPLEMENTED) || PASSING_STATUS.has(status);
}
