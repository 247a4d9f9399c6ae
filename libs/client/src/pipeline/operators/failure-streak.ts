import { UploadError, type ErrorCode } from '@upload-streams/protocol';
import { asyncScheduler, EMPTY, map, Subject, switchMap, timer, type Observable } from 'rxjs';
import { LONGEST_TIMER_MS } from '../../state/longest-timer.js';

/** Errors that pass by themselves or end with another upload. Waiting for that does not count as a failure. */
const WAITS: ReadonlySet<ErrorCode> = new Set([
  'CONNECTION_LOST',
  'OFFLINE',
  'WEBSOCKET_BLOCKED',
  'ACK_TIMEOUT',
  'TOKEN_UNAVAILABLE',
  'SERVER_DRAINING',
  'STORAGE_FULL',
  'TOO_MANY_SESSIONS',
]);

export interface StreakLimits {
  /** The number of failures in a row after which the streak is over. Those in `WAITS` do not count. */
  readonly maxAttempts: number;
  /** How long the streak may last, in milliseconds. */
  readonly giveUpAfterMs: number;
}

/** The failures since the last progress. Says when they are too many or last too long. */
export class FailureStreak {
  /** The number of waits since the last progress. */
  waits = 0;
  private failures = 0;
  private since: number | undefined;
  private last: UploadError | undefined;
  private readonly clock = new Subject<number | undefined>();

  /** Fails with the last error when the streak has lasted too long. Completes with `close`. */
  readonly over$: Observable<never> = this.clock.pipe(
    // switchMap: a new time replaces the last one.
    switchMap((ms) => (ms === undefined ? EMPTY : timer(ms))),
    map(() => {
      throw this.last ?? new UploadError('CONNECTION_LOST');
    }),
  );

  constructor(private readonly limits: StreakLimits) {}

  /** Whether the failures are too many or have lasted too long. */
  get isOver(): boolean {
    return this.failures >= this.limits.maxAttempts || this.leftMs() <= 0;
  }

  /** Counts a failure, and lets the time run until it is over. */
  fail(reason: UploadError): void {
    this.last = reason;
    this.since ??= asyncScheduler.now();
    if (!WAITS.has(reason.code)) this.failures++;
    const leftMs = this.leftMs();
    this.clock.next(leftMs > 0 && leftMs <= LONGEST_TIMER_MS ? leftMs : undefined);
  }

  /** The server is working on an answer. The streak does not end in the middle of that, but with the next failure. */
  pause(): void {
    this.clock.next(undefined);
  }

  /** There was progress. */
  end(): void {
    this.waits = 0;
    this.failures = 0;
    this.since = undefined;
    this.clock.next(undefined);
  }

  close(): void {
    this.clock.next(undefined);
    this.clock.complete();
  }

  private leftMs(): number {
    const { since, limits } = this;
    return since === undefined ? limits.giveUpAfterMs : since + limits.giveUpAfterMs - asyncScheduler.now();
  }
}
