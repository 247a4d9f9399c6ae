import { UploadError, type ErrorCode } from '@upload-streams/protocol';
import { asyncScheduler, EMPTY, map, Subject, switchMap, timer, type Observable } from 'rxjs';

/** What passes without anybody's doing, or ends with another upload: waiting for it is no failure of this one. */
const WAITS: ReadonlySet<ErrorCode> = new Set([
  'CONNECTION_LOST',
  'OFFLINE',
  'ACK_TIMEOUT',
  'SERVER_DRAINING',
  'STORAGE_FULL',
  'TOO_MANY_SESSIONS',
]);

/** The longest time that a timer can run: a longer one would end at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface StreakLimits {
  /** How many failures in a row end it, those of `WAITS` not counted. */
  readonly maxAttempts: number;
  /** How long it may last, in milliseconds. */
  readonly giveUpAfterMs: number;
}

/** The failures since the last progress, and when they are too many. */
export class FailureStreak {
  /** How often was waited since the last progress. */
  waits = 0;
  private failures = 0;
  private since: number | undefined;
  private last = new UploadError('CONNECTION_LOST');
  private readonly clock = new Subject<number | undefined>();

  /** Fails with the last error once it lasts too long. Completes with `close`. */
  readonly over$: Observable<never> = this.clock.pipe(
    switchMap((ms) => (ms === undefined ? EMPTY : timer(ms))),
    map(() => {
      throw this.last;
    }),
  );

  constructor(private readonly limits: StreakLimits) {}

  /** Counts a failure. Returns whether it was one too many. */
  fails(reason: UploadError): boolean {
    this.last = reason;
    this.since ??= asyncScheduler.now();
    if (!WAITS.has(reason.code)) this.failures++;
    const leftMs = this.since + this.limits.giveUpAfterMs - asyncScheduler.now();
    if (this.failures >= this.limits.maxAttempts || leftMs <= 0) return true;
    this.clock.next(leftMs <= LONGEST_TIMER_MS ? leftMs : undefined);
    return false;
  }

  /** The other side is at work: it is not given up in the midst of it, but at its next failure. */
  pause(): void {
    this.clock.next(undefined);
  }

  /** It got further. */
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
}
