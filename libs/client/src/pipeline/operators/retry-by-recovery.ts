import { UploadError } from '@upload-streams/protocol';
import {
  defer,
  map,
  merge,
  NEVER,
  of,
  retry,
  Subject,
  switchMap,
  take,
  tap,
  throwError,
  timer,
  type MonoTypeOperatorFunction,
  type Observable,
} from 'rxjs';
import { LONGEST_TIMER_MS } from '../../state/longest-timer.js';
import { FailureStreak, type StreakLimits } from './failure-streak.js';

export interface RecoveryOptions<T> extends StreakLimits {
  /** The first wait, in milliseconds. */
  readonly minDelayMs: number;
  /** The longest wait, in milliseconds. */
  readonly maxDelayMs: number;
  /** Whether there is a network at all. Without one, nothing is tried. Emits on subscription. */
  readonly online$: Observable<boolean>;
  /** Whether a value shows that the server is working. From then on, only the next failure may give up. */
  readonly isUnderWay: (value: T) => boolean;
  /** Whether a value is progress, which resets the wait and ends a streak of failures. */
  readonly isProgress: (value: T) => boolean;
  /** Returns what to emit before a wait. `delayMs` is undefined while the wait is for the network. */
  readonly waiting: (reason: UploadError, delayMs: number | undefined) => T;
  /** Starts from zero after an error with the recovery `restart`. Returns what to emit. May throw, to give up. */
  readonly restart: (reason: UploadError) => T;
}

/**
 * Subscribes again after an error, according to the error's `recovery`. Waits grow exponentially from `minDelayMs` to
 * `maxDelayMs`. Each is between half of that and all of it ("equal jitter", M. Brooker, "Exponential Backoff And Jitter",
 * AWS Architecture Blog, 2015), so that a thousand clients of one server do not come back at the same moment.
 */
export function retryByRecovery<T>(options: RecoveryOptions<T>): MonoTypeOperatorFunction<T> {
  return (source) =>
    defer(() => {
      const streak = new FailureStreak(options);
      const notices = new Subject<T>();
      const close = () => {
        streak.close();
        notices.complete();
      };
      const delay = (error: unknown) => {
        const reason = UploadError.from(error);
        streak.fail(reason);
        if (reason.recovery === 'fatal' || streak.isOver) return throwError(() => reason);
        if (reason.recovery === 'restart') notices.next(options.restart(reason));
        const delayMs = Math.max(backoff(streak.waits++, options), requestedDelay(reason));
        return wait(reason, delayMs, options, notices);
      };
      const countProgress = (value: T) => {
        if (options.isProgress(value)) streak.end();
        else if (options.isUnderWay(value)) streak.pause();
      };
      const attempts$ = source.pipe(tap(countProgress), retry({ delay }), tap({ complete: close }));
      return merge(notices, streak.over$, attempts$);
    });
}

/** Emits after the delay. Without a network, it emits soon after the network is back. Tells of every wait. */
function wait<T>(
  reason: UploadError,
  delayMs: number,
  options: RecoveryOptions<T>,
  notices: Subject<T>,
): Observable<unknown> {
  const delays$ = options.online$.pipe(
    map((online, index) => (online ? (index === 0 ? delayMs : backoff(0, options)) : undefined)),
    tap((ms) => notices.next(options.waiting(ms === undefined ? new UploadError('OFFLINE') : reason, ms))),
  );
  // switchMap: a change of the network replaces the wait.
  return delays$.pipe(switchMap(sleep), take(1));
}

const sleep = (ms: number | undefined): Observable<unknown> =>
  ms === undefined ? NEVER : ms === 0 ? of(0) : timer(ms);

/** A server that is shutting down, or that gets too many requests, says when to come back. */
function requestedDelay({ details }: UploadError): number {
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
