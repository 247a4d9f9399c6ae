import { ErrorReply } from '@redis/client';

/** Redis will work soon: it loads its data, or another node becomes the primary. */
const PASSING = ['LOADING', 'READONLY', 'MASTERDOWN', 'TRYAGAIN', 'CLUSTERDOWN', 'NOREPLICAS', 'UNBLOCKED', 'BUSY'];

/** Redis works but takes no writes: it has no memory left, or no room on its disk. */
const REFUSING = ['OOM', 'MISCONF'];

/** From within a script, Redis 6 puts the code in the middle: "ERR Error running script (...): -READONLY You can't ..." */
const IN_SCRIPT = / -([A-Z]+) /;

/** The code of an error that Redis answered, for example `READONLY`; undefined where it did not answer. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof ErrorReply)) return undefined;
  return IN_SCRIPT.exec(error.message)?.[1] ?? error.message.split(' ', 1)[0];
}

/** Whether a call may succeed if it is repeated soon: the connection or the moment was at fault, not the call. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return code === undefined || PASSING.includes(code);
}

/** Whether Redis can't store anything for an unknown time. */
export function isRefusing(error: unknown): boolean {
  return REFUSING.includes(codeOf(error) ?? '');
}
