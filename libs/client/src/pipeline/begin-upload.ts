import { BEGIN_UPLOAD, MAX_INLINE_BYTES, PROTOCOL_VERSION, type BegunUpload } from '@upload-streams/protocol';
import { concatMap, map, of, tap, type Observable } from 'rxjs';
import { answeredWithin } from './operators/answered-within.js';
import { emitWithAck } from './operators/emit-with-ack.js';
import { begunUpload } from './server-answers.js';
import { signsOfWork } from './server-notices.js';
import type { WholeFile } from './source/checked-source.js';
import type { Upload, UploadConnection } from './upload-context.js';

/** The server may have to wait until an older connection has released the session, or read its data after a restart. */
const BEGIN_TIMEOUT_MS = 60_000;

/** Sends `begin_upload` and emits its answer. A small file is sent along. */
export function begin(upload: Upload, connection: UploadConnection): Observable<BegunUpload> {
  const bytes = inlineBytesOf(upload);
  const file$ = bytes === undefined ? of<WholeFile>({}) : readInline(upload, connection, bytes);
  // concatMap: there is one value.
  return file$.pipe(concatMap((file) => sendBegin(upload, connection, file, bytes ?? 0)));
}

/** How many bytes are sent along in `begin_upload`: all of a small file. undefined: the file is sent in chunks. */
export function inlineBytesOf({ source, session$ }: Upload): number | undefined {
  const { size } = source.facts;
  const fits = size !== undefined && size <= MAX_INLINE_BYTES;
  return fits && !session$.value.isChunked ? size : undefined;
}

function readInline({ source }: Upload, { permits }: UploadConnection, bytes: number): Observable<WholeFile> {
  return permits.acquire(bytes).pipe(concatMap(() => source.readWhole(MAX_INLINE_BYTES)));
}

function sendBegin(
  upload: Upload,
  { transport, permits }: UploadConnection,
  file: WholeFile,
  bytes: number,
): Observable<BegunUpload> {
  const { source, session$, metadata } = upload;
  const { sessionID } = session$.value;
  const payload = { protocol: PROTOCOL_VERSION, sessionID, ...source.facts, metadata, ...file };
  const sent = permits.sent(bytes);
  return emitWithAck<BegunUpload>(transport, BEGIN_UPLOAD, payload).pipe(
    answeredWithin(transport, BEGIN_TIMEOUT_MS, signsOfWork(upload, transport)),
    map(begunUpload),
    tap(() => permits.acked(sent)),
  );
}
