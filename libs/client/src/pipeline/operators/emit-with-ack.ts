import { unwrap, UploadError, type Ack } from '@upload-streams/protocol';
import { debounceTime, map, merge, startWith, take, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import type { UploadTransport } from '../../ports/transport.js';

/** Emits an event and gives what its ack carries, or fails with the error it carries. */
export function emitWithAck<Answer extends object>(
  transport: UploadTransport,
  event: string,
  payload: unknown,
): Observable<Answer> {
  return transport.request(event, payload).pipe(map((ack) => unwrap(ack as Ack<Answer>)));
}

/**
 * No answer within `timeoutMs`, counted anew from every value of `signs$`, by which the server says that it is at work:
 * fails with ACK_TIMEOUT.
 */
export function answeredWithin<Answer>(
  transport: UploadTransport,
  timeoutMs: number,
  signs$: Observable<unknown>,
): MonoTypeOperatorFunction<Answer> {
  return (answer$) => {
    const overdue$ = signs$.pipe(
      startWith(undefined),
      debounceTime(timeoutMs),
      map(throwOverdue(transport, timeoutMs)),
    );
    return merge(answer$, overdue$).pipe(take(1));
  };
}

/**
 * To be called where an answer is overdue. As long as anything comes from the server its connection is not dead, and other
 * uploads go on over it: only this attempt ends. One on which nothing came for as long is dropped.
 */
export function throwOverdue(transport: UploadTransport, timeoutMs: number): () => never {
  return () => {
    const reason = new UploadError('ACK_TIMEOUT');
    if (transport.silentMs >= timeoutMs) transport.drop(reason);
    throw reason;
  };
}
