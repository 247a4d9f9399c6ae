/** Every other status from 500 to 599 may pass: what a store lacks, it lacks for good. */
const NOT_IMPLEMENTED = 501;
const PASSING_STATUS = new Set([408, 429]);
const PASSING_NAMES = new Set(['RequestTimeout', 'SlowDown', 'Throttling', 'RequestTimeTooSkewed', 'BadDigest']);

interface StoreError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The HTTP status that a store answered with; undefined where it did not answer. */
export const statusOf = (error: unknown): number | undefined => (error as StoreError).$metadata?.httpStatusCode;

/** Whether a call may succeed if it is repeated: the network or the load of the store was at fault, not the call. */
export function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  if (PASSING_NAMES.has((error as Error).name)) return true;
  // Without an answer it was the network.
  return status === undefined || (status >= 500 && status !== NOT_IMPLEMENTED) || PASSING_STATUS.has(status);
}
