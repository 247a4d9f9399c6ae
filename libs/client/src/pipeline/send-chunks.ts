import { uploadChunkEvent, type ChunkWritten } from '@upload-streams/protocol';
import {
  combineLatest,
  concat,
  debounceTime,
  filter,
  map,
  merge,
  mergeMap,
  of,
  startWith,
  tap,
  type BehaviorSubject,
  type Observable,
} from 'rxjs';
import { chunkAcked, type AckLedger } from '../state/ack-ledger.js';
import type { UploadEvent } from '../state/upload-event.js';
import { throwOverdue } from './operators/answered-within.js';
import { emitWithAck } from './operators/emit-with-ack.js';
import { readAsAllowed } from './operators/read-as-allowed.js';
import { chunkWritten } from './server-answers.js';
import { signsOfWork } from './server-notices.js';
import type { CheckedChunk } from './source/checked-source.js';
import type { Upload, UploadConnection } from './upload-context.js';

/** Sends the file from the offset of the ledger to its end. Fails if the server stops answering. */
export function sendToEnd(
  upload: Upload,
  connection: UploadConnection,
  ledger$: BehaviorSubject<AckLedger>,
): Observable<UploadEvent> {
  const sent$ = concat(sendChunks(upload, connection, ledger$), of<UploadEvent>({ type: 'verifying' }));
  return merge(stalled(upload, connection, ledger$), sent$);
}

/** Reads and sends chunks as the windows allow. Each ack moves the offset and opens the windows again. */
function sendChunks(
  upload: Upload,
  connection: UploadConnection,
  ledger$: BehaviorSubject<AckLedger>,
): Observable<UploadEvent> {
  const { source, session$ } = upload;
  const event = uploadChunkEvent(session$.value.sessionID);
  return readAsAllowed(ledger$, connection.permits, (maxBytes) => source.read(maxBytes)).pipe(
    // mergeMap: chunks are in flight together. The windows limit how many.
    mergeMap((chunk) => sendChunk(chunk, event, connection)),
    tap((ack) => {
      source.release(ack.durable);
      ledger$.next(chunkAcked(ledger$.value, ack));
    }),
    map(({ offset }): UploadEvent => ({ type: 'acked', offset, at: performance.now() })),
  );
}

function sendChunk(
  chunk: CheckedChunk,
  event: string,
  { transport, permits }: UploadConnection,
): Observable<ChunkWritten> {
  const sent = permits.sent(chunk.bytes);
  return emitWithAck<ChunkWritten>(transport, event, chunk.payload).pipe(
    map(chunkWritten),
    tap(({ window }) => {
      permits.acked(sent, window);
      chunk.free?.();
    }),
  );
}

/** Fails if chunks are in flight and no chunk, ack or sign of work comes for `ackTimeoutMs`. */
function stalled(
  upload: Upload,
  { transport, ackTimeoutMs }: UploadConnection,
  ledger$: Observable<AckLedger>,
): Observable<never> {
  const working$ = signsOfWork(upload, transport).pipe(startWith(undefined));
  return combineLatest([ledger$, working$]).pipe(
    debounceTime(ackTimeoutMs),
    filter(([{ sent, acked }]) => sent > acked),
    map(throwOverdue(transport, ackTimeoutMs)),
  );
}
