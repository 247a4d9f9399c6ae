import { unwrap, UploadError, type Ack } from '@upload-streams/protocol';
import { map, throwError, timeout, type Observable } from 'rxjs';
import type { UploadTransport } from '../ports/transport.js';

/**
 * Emits an event and gives what its ack carries, or fails with the error it carries. No ack within `timeoutMs`: the
 * connection is open but dead; it is dropped and this fails with ACK_TIMEOUT.
 */
export function emitWithAck<Answer extends object>(
  transport: UploadTransport,
  event: string,
  payload: unknown,
  timeoutMs: number,
): Observable<Answer> {
  return transport.request(event, payload).pipe(
    timeout({
      first: timeoutMs,
      with: () =>
        throwError(() => {
          const reason = new UploadError('ACK_TIMEOUT');
          transport.drop(reason);
          return reason;
        }),
    }),
    map((ack) => unwrap(ack as Ack<Answer>)),
  );
}
