import { CANCEL_UPLOAD } from '@upload-streams/protocol';
import { catchError, concatMap, EMPTY, endWith, ignoreElements, of, take, timeout, type Observable } from 'rxjs';
import { emitWithAck } from './operators/emit-with-ack.js';
import type { UploadTransport } from '../ports/transport.js';
import type { UploadEvent } from '../state/upload-event.js';

/** A cancel that can't reach the server is forgotten after this long: the session expires there by itself. */
const CANCEL_TIMEOUT_MS = 3_000;

/** Tells the server to drop the session, if it can be reached; the upload is cancelled here in any case. */
export function cancelUpload(sessionID: string, transport: UploadTransport): Observable<UploadEvent> {
  const payload = { sessionID };
  return transport.connected$.pipe(
    concatMap(() => emitWithAck(transport, CANCEL_UPLOAD, payload)),
    timeout({ first: CANCEL_TIMEOUT_MS, with: () => of(undefined) }),
    take(1),
    catchError(() => EMPTY),
    ignoreElements(),
    endWith<UploadEvent>({ type: 'cancelled' }),
  );
}
