import { UploadError } from '@upload-streams/protocol';
import { debounceTime, map, merge, startWith, take, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import type { UploadTransport } from '../../ports/transport.js';

/**
 * Fails with ACK_TIMEOUT if there is no answer within `timeoutMs`. The time starts anew with every value of `working$`, by
 * which the server says that it is still working on the answer.
 */
export function answeredWithin<Answer>(
  transport: UploadTransport,
  timeoutMs: number,
  working$: Observable<unknown>,
): MonoTypeOperatorFunction<Answer> {
  return (answer$) => {
    const overdue$ = working$.pipe(
      startWith(undefined),
      debounceTime(timeoutMs),
      map(throwOverdue(transport, timeoutMs)),
    );
    return merge(answer$, overdue$).pipe(take(1));
  };
}

/**
 * Returns a function to call when an answer is overdue. It throws ACK_TIMEOUT, which ends this attempt. It also drops the
 * connection if nothing at all has come from the server for that time. Otherwise the connection works, and other uploads go
 * on over it.
 */
export function throwOverdue(transport: UploadTransport, timeoutMs: number): () => never {
  return () => {
    const reason = new UploadError('ACK_TIMEOUT');
    if (transport.silentMs >= timeoutMs) transport.drop(reason);
    throw reason;
  };
}
