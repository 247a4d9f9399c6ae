import { UploadError } from '@upload-streams/protocol';
import {
  defer,
  map,
  merge,
  NEVER,
  of,
  retry,
  switchMap,
  take,
  tap,
  throwError,
  timer,
  type MonoTypeOperatorFunction,
  type Observable,
} from 'rxjs';
import { FailureStreak, LONGEST_TIMER_MS, type StreakLimits } from './failure-streak.js';

export interface RecoveryOptions<T> extends StreakLimits {
  /** The first wait, in milliseconds. @default 100 */
  readonly minDelayMs: number;
  /** The longest wait, in milliseconds. @default 10_000 */
  readonly maxDelayMs: number;
  /** Whether there is a network at all: while there is none, nothing is tried. Emits at once. */
  readonly online$: Observable<boolean>;
  /** What shows that the other side is at work: from then on, only the next failure may give up. */
  readonly isUnderWay: (value: T) => boolean;
  /** What resets the wait to the first one, and ends a row of failures. */
  readonly isProgress: (value: T) => boolean;
  /** Called before each wait, to tell the person; without a delay while it is for the network to come back. */
  readonly onWait: (reason: UploadError, delayMs: number | undefined) => void;
  /** Called for `restart`, before the wait. May throw, to give up. */
  readonly onRestart: (reason: UploadError) => void;
}

/**
 * Subscribes again after an error, as the error's `recovery` says. Waits grow exponentially from `minDelayMs` to
 * `maxDelayMs`, each between half of that and all of it ("equal jitter", M. Brooker: "Exponential Backoff And Jitter",
 * AWS Architecture Blog, 2015), so that a thousand clients of one server do not come back at one moment.
 */
export function retryByRecovery<T>(options: RecoveryOptions<T>): MonoTypeOperatorFunction<T> {
  return (source) =>
    defer(() => {
      const streak = new FailureStreak(options);
      const attempts$ = source.pipe(
        tap((value) => {
          if (options.isProgress(value)) streak.end();
          else if (options.isUnderWay(value)) streak.pause();
        }),
        tap({ complete: () => streak.close() }),
        retry({
          delay: (error) => {
            const reason = UploadError.from(error);
            if (reason.recovery === 'fatal' || streak.fails(reason)) return throwError(() => reason);
            if (reason.recovery === 'restart') options.onRestart(reason);
            return wait(reason, Math.max(backoff(streak.waits++, options), askedFor(reason)), options);
          },
        }),
      );
      return merge(streak.over$, attempts$);
    });
}

/** Waits out the delay; without a network, until it is back, and then not a moment longer than the first delay. */
function wait<T>(reason: UploadError, delayMs: number, options: RecoveryOptions<T>): Observable<unknown> {
  return options.online$.pipe(
    map((online, index) => (online ? (index === 0 ? delayMs : backoff(0, options)) : undefined)),
    tap((ms) => options.onWait(ms === undefined ? new UploadError('OFFLINE') : reason, ms)),
    switchMap((ms) => (ms === undefined ? NEVER : ms === 0 ? of(0) : timer(ms))),
    take(1),
  );
}

/** A server that is shutting down, or that is asked too often, says when to come back. */
function askedFor({ details }: UploadError): number {
  const ms = details?.['reconnectInMs'] ?? details?.['retryAfterMs'];
  return typeof ms === 'number' && ms > 0 ? Math.min(ms, LONGEST_TIMER_MS) : 0;
}

function backoff(
  attempts: number,
  { minDelayMs, maxDelayMs }: Pick<RecoveryOptions<unknown>, 'minDelayMs' | 'maxDelayMs'>,
): number {
  const longest = Math.min(maxDelayMs, minDelayMs * 2 ** attempts);
  return Math.round(longest * (0.5 + Math.random() / 2));
}
