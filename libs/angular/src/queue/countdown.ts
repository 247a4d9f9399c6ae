import type { UploadState } from '@upload-streams/client';
import { map, of, takeWhile, timer, type Observable } from 'rxjs';

const SECOND_MS = 1000;

/** The seconds until a waiting upload tries again, once a second; 0 for any other upload. */
export function countdown(state: UploadState): Observable<number> {
  if (state.status !== 'waiting') return of(0);
  const seconds = Math.ceil((state.retryInMs ?? 0) / SECOND_MS);
  return timer(0, SECOND_MS).pipe(
    map((passed) => seconds - passed),
    takeWhile((left) => left >= 0),
  );
}
