import {
  SERVER_DRAINING,
  UploadError,
  uploadErrorEvent,
  uploadInProgressEvent,
  uploadSuccessEvent,
  type ServerDraining,
} from '@upload-streams/protocol';
import { map, merge, type Observable } from 'rxjs';
import type { UploadTransport } from '../ports/transport.js';
import type { UploadEvent } from '../state/upload-event.js';
import { completedUpload } from './server-answers.js';
import type { Upload } from './upload-context.js';

/** What the server says of an upload by itself: it is complete, it has failed, or the server is shutting down. */
export function serverNotices({ session$ }: Upload, transport: UploadTransport): Observable<UploadEvent> {
  const { sessionID } = session$.value;
  const completed$ = transport
    .on(uploadSuccessEvent(sessionID))
    .pipe(map(([file]): UploadEvent => ({ type: 'completed', file: completedUpload(file) })));
  const failed$ = transport.on(uploadErrorEvent(sessionID)).pipe(map(([, error]) => fail(UploadError.fromBody(error))));
  const draining$ = transport
    .on(SERVER_DRAINING)
    .pipe(map(([notice]) => fail(new UploadError('SERVER_DRAINING', { ...(notice as ServerDraining) }))));
  return merge(completed$, failed$, draining$);
}

/** While the server works on an answer, it says so every few seconds. */
export function signsOfWork({ session$ }: Upload, transport: UploadTransport): Observable<unknown> {
  return transport.on(uploadInProgressEvent(session$.value.sessionID));
}

/** The same as events. */
export function working(upload: Upload, transport: UploadTransport): Observable<UploadEvent> {
  return signsOfWork(upload, transport).pipe(map((): UploadEvent => ({ type: 'working' })));
}

function fail(error: UploadError): never {
  throw error;
}
