import { isFinal, type UploadState } from '@upload-streams/client';
import {
  asyncScheduler,
  connect,
  filter,
  merge,
  takeUntil,
  throttleTime,
  type MonoTypeOperatorFunction,
  type SchedulerLike,
} from 'rxjs';

/**
 * Emits at most one state every `everyMs`: the first and the latest of each interval. Emits a final state at once, as the last
 * one. A thousand acks per second must not render the page a thousand times.
 */
export function sampleStates(
  everyMs: number,
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<UploadState> {
  return connect((states$) => {
    const final$ = states$.pipe(filter((state) => isFinal(state)));
    const running$ = states$.pipe(
      filter((state) => !isFinal(state)),
      throttleTime(everyMs, scheduler, { leading: true, trailing: true }),
      takeUntil(final$),
    );
    return merge(running$, final$);
  });
}
