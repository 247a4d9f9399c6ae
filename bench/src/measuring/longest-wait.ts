import type { CountAt } from '../client/job.ts';

/**
 * How long the queue in front of the link was: the longest time, in seconds, from when a byte was handed to the socket to
 * when it left the link, less the delay of the link. Both counts are of one connection, from its start.
 */
export function longestWait(written: readonly CountAt[], delivered: readonly CountAt[], delayMs: number): number {
  let longestMs = 0;
  let n = 0;
  for (const [writtenAt, bytes] of written) {
    while (n < delivered.length && delivered[n]![1] < bytes) n++;
    if (n === delivered.length) break;
    longestMs = Math.max(longestMs, delivered[n]![0] - writtenAt - delayMs);
  }
  return longestMs / 1000;
}
