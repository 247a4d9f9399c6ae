import { ErrorReply } from '@redis/client';

/** Redis is about to work: it loads its data, or another one becomes the primary. */
const PASSING = ['LOADING', 'READONLY', 'MASTERDOWN', 'TRYAGAIN', 'CLUSTERDOWN', 'NOREPLICAS', 'UNBLOCKED', 'BUSY'];

/** Redis works and takes no writes: it has no memory left, or no room on its disk. */
const REFUSING = ['OOM', 'MISCONF'];

/** From within a script, Redis 6 gives the code in the middle: "ERR Error running script (...): -READONLY You can't ..." */
const IN_SCRIPT = / -([A-Z]+) /;

/** The word by which Redis says what is wrong, for example `READONLY`; undefined where it said nothing. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof ErrorReply)) return undefined;
  return IN_SCRIPT.exec(error.message)?.[1] ?? error.message.split(' ', 1)[0];
}

/** Whether a call may well work when it is made again soon: the connection or the moment was the trouble, not the call. */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return code === undefined || PASSING.includes(code);
}

/** Whether Redis can't store anything, for how long nobody knows. */
export function isRefusing(error: unknown): boolean {
  return REFUSING.includes(codeOf(error) ?? '');
}
