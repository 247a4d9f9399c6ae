import { unwrap, type Ack } from '@upload-streams/protocol';
import { map, type Observable } from 'rxjs';
import type { UploadTransport } from '../../ports/transport.js';

/** Sends an event and emits what its ack carries, or fails with the error that it carries. */
export function emitWithAck<Answer extends object>(
  transport: UploadTransport,
  event: string,
  payload: unknown,
): Observable<Answer> {
  return transport.request(event, payload).pipe(map((ack) => unwrap(ack as Ack<Answer>)));
}
