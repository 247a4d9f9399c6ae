import { CANCEL_UPLOAD } from '@upload-streams/protocol';
import { catchError, concatMap, EMPTY, endWith, ignoreElements, NEVER, take, timeout, type Observable } from 'rxjs';
import type { UploadTransport } from '../ports/transport.js';
import type { UploadEvent } from '../state/upload-event.js';
import type { UploadSession } from '../state/upload-session.js';
import { answeredWithin } from './operators/answered-within.js';
import { emitWithAck } from './operators/emit-with-ack.js';

/** The server may have to fetch the session from another node first. */
const CANCEL_TIMEOUT_MS = 60_000;

/** After this time the person does not wait any longer. The session expires on the server by itself. */
const LEAVE_AFTER_MS = 3_000;

/** Sends `cancel_upload`. Emits once when the server has dropped the session; fails with its error. */
export function cancelSession(sessionID: string, transport: UploadTransport): Observable<unknown> {
  const cancelled$ = emitWithAck(transport, CANCEL_UPLOAD, { sessionID });
  const answer$ = cancelled$.pipe(answeredWithin(transport, CANCEL_TIMEOUT_MS, NEVER));
  return transport.connected$.pipe(
    // concatMap: it is sent once, even if the connection is made anew meanwhile.
    concatMap(() => answer$),
    take(1),
  );
}

/** Cancels an upload here in any case, and on the server if it may know the session and can be reached. */
export function cancelUpload({ sessionID, isNew }: UploadSession, transport: UploadTransport): Observable<UploadEvent> {
  const cancelled$ = isNew ? EMPTY : cancelSession(sessionID, transport).pipe(timeout({ first: LEAVE_AFTER_MS }));
  return cancelled$.pipe(
    catchError(() => EMPTY),
    ignoreElements(),
    endWith<UploadEvent>({ type: 'cancelled' }),
  );
}
