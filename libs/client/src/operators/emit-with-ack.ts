import { unwrap, UploadError, type Ack } from '@upload-streams/protocol';
import { map, throwError, timeout, type MonoTypeOperatorFunction, type Observable } from 'rxjs';
import type { UploadTransport } from '../ports/transport.js';

/** Emits an event and gives what its ack carries, or fails with the error it carries. */
export function emitWithAck<Answer extends object>(
  transport: UploadTransport,
  event: string,
  payload: unknown,
): Observable<Answer> {
  return transport.request(event, payload).pipe(map((ack) => unwrap(ack as Ack<Answer>)));
}

/** No answer within `timeoutMs`: the connection is open but dead; it is dropped, and this fails with ACK_TIMEOUT. */
export function answeredWithin<Answer>(
  transport: UploadTransport,
  timeoutMs: number,
): MonoTypeOperatorFunction<Answer> {
  return timeout({
    first: timeoutMs,
    with: () =>
      throwError(() => {
        const reason = new UploadError('ACK_TIMEOUT');
        transport.drop(reason);
        return reason;
      }),
  });
}
