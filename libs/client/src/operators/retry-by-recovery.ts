import { UploadError } from '@upload-streams/protocol';
import { defer, retry, tap, throwError, timer, type MonoTypeOperatorFunction } from 'rxjs';

export interface RecoveryOptions<T> {
  /** The first wait, in milliseconds. @default 100 */
  readonly minDelayMs: number;
  /** The longest wait, in milliseconds. @default 10_000 */
  readonly maxDelayMs: number;
  /** What resets the wait to the first one. */
  readonly isProgress: (value: T) => boolean;
  /** Called before each wait, to tell the person. */
  readonly onWait: (reason: UploadError, delayMs: number) => void;
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
      let attempts = 0;
      return source.pipe(
        tap((value) => {
          if (options.isProgress(value)) attempts = 0;
        }),
        retry({
          delay: (error) => {
            const reason = UploadError.from(error);
            if (reason.recovery === 'fatal') return throwError(() => reason);
            if (reason.recovery === 'restart') options.onRestart(reason);
            const delayMs = backoff(attempts++, options);
            options.onWait(reason, delayMs);
            return timer(delayMs);
          },
        }),
      );
    });
}

function backoff(
  attempts: number,
  { minDelayMs, maxDelayMs }: Pick<RecoveryOptions<unknown>, 'minDelayMs' | 'maxDelayMs'>,
): number {
  const longest = Math.min(maxDelayMs, minDelayMs * 2 ** attempts);
  return Math.round(longest * (0.5 + Math.random() / 2));
}
