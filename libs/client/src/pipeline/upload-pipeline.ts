import { UploadError, type BegunUpload, type CompletedUpload } from '@upload-streams/protocol';
import {
  BehaviorSubject,
  concat,
  defer,
  EMPTY,
  from,
  ignoreElements,
  map,
  merge,
  of,
  startWith,
  switchMap,
  takeWhile,
  tap,
  using,
  type Observable,
} from 'rxjs';
import { answeredAhead, openLedger, openLedgerAhead } from '../state/ack-ledger.js';
import { isLast, progressTest, type UploadEvent } from '../state/upload-event.js';
import { sentInChunks, sessionBegun, sessionRestarted } from '../state/upload-session.js';
import { begin, inlineBytesOf } from './begin-upload.js';
import type { SendPermits } from './flow-control/congestion-window.js';
import { retryByRecovery, type RecoveryOptions } from './operators/retry-by-recovery.js';
import { sendToEnd } from './send-chunks.js';
import { serverNotices, working } from './server-notices.js';
import { newSessionID } from './session-id.js';
import type { PipelineOptions, Upload, UploadConnection, UploadNetwork } from './upload-context.js';

/** With a shorter round trip, sending ahead of the answer costs more messages than the time that it saves. */
const MIN_ROUND_TRIP_AHEAD_MS = 5;

/** A source that changes during every attempt fails after this many restarts. */
const MAX_RESTARTS = 3;

/** An upload, from its first begin to its last event. Cold: subscribing starts it, unsubscribing stops it. */
export function uploadPipeline(
  upload: Upload,
  network: UploadNetwork,
  options: PipelineOptions,
): Observable<UploadEvent> {
  return defer(() =>
    attempt(upload, network, options).pipe(
      retryByRecovery(recoveryOf(upload, network, options)),
      takeWhile((event) => !isLast(event), true),
    ),
  );
}

/** Connects, begins, sends and finishes. Fails when the connection does. */
function attempt(
  upload: Upload,
  { transport, window }: UploadNetwork,
  { ackTimeoutMs }: PipelineOptions,
): Observable<UploadEvent> {
  const overConnection$ = using(
    () => window.join(),
    (permits) => overConnection(upload, { transport, permits: permits as SendPermits, ackTimeoutMs }),
  );
  return transport.connected$.pipe(
    // switchMap: on a new connection, the upload begins again.
    switchMap(() => overConnection$),
    startWith<UploadEvent>({ type: 'connecting' }),
  );
}

function overConnection(upload: Upload, connection: UploadConnection): Observable<UploadEvent> {
  const verified$ = upload.session$.value.begins === 0 ? EMPTY : verify(upload);
  const uploaded$ = defer(() => merge(working(upload, connection.transport), beginAndSend(upload, connection)));
  return concat(verified$, uploaded$);
}

/** The file may have changed since the last connection. */
function verify({ source }: Upload): Observable<UploadEvent> {
  return defer(() => source.verify()).pipe(map(() => ({ type: 'opened', facts: source.facts })));
}

function beginAndSend(upload: Upload, connection: UploadConnection): Observable<UploadEvent> {
  const session = upload.session$.value;
  upload.session$.next(sessionBegun(session));
  const isFar = connection.permits.roundTripMs >= MIN_ROUND_TRIP_AHEAD_MS;
  if (session.isNew && isFar && inlineBytesOf(upload) === undefined) return sendAhead(upload, connection);
  return begin(upload, connection).pipe(
    // switchMap: there is one answer, and the rest of the upload follows from it.
    switchMap((begun) => (begun.completed ? confirm(upload, begun.completed) : resume(upload, begun, connection))),
  );
}

/** From the server's offset to the end. */
function resume(upload: Upload, begun: BegunUpload, connection: UploadConnection): Observable<UploadEvent> {
  const ledger$ = new BehaviorSubject(openLedger(begun));
  return merge(
    serverNotices(upload, connection.transport),
    concat(
      hashing(upload, begun.offset),
      startAt(upload, begun.offset, begun.prefixCrc32),
      defer(() => of(begunEvent(begun.offset))),
      sendToEnd(upload, connection, ledger$),
    ),
  );
}

/** A new upload begins at offset 0. Its first chunks follow `begin_upload` at once, which saves a round trip. */
function sendAhead(upload: Upload, connection: UploadConnection): Observable<UploadEvent> {
  const ledger$ = new BehaviorSubject(openLedgerAhead(connection.permits.lastReceiveWindow));
  const begun$ = begin(upload, connection).pipe(
    tap(requireNew),
    tap((begun) => ledger$.next(answeredAhead(ledger$.value, begun))),
    map(({ offset }) => begunEvent(offset)),
  );
  return merge(
    serverNotices(upload, connection.transport),
    begun$,
    concat(startAt(upload, 0, 0), sendToEnd(upload, connection, ledger$)),
  );
}

/** The server has the whole file already, from an earlier attempt or from `begin_upload` itself. Is it this file? */
function confirm(upload: Upload, file: CompletedUpload): Observable<UploadEvent> {
  const compared$ = defer(() => upload.source.compare(file.size, file.crc32)).pipe(ignoreElements());
  return concat(hashing(upload, file.size), compared$, of<UploadEvent>({ type: 'completed', file }));
}

/** Emits only if bytes before `offset` have to be read again. */
function hashing({ source }: Upload, offset: number): Observable<UploadEvent> {
  return source.knows(offset) ? EMPTY : of<UploadEvent>({ type: 'hashing' });
}

function startAt({ source, session$ }: Upload, offset: number, prefixCrc32: number): Observable<never> {
  return defer(() => {
    session$.next(sentInChunks(session$.value));
    return from(source.startAt(offset, prefixCrc32));
  }).pipe(ignoreElements());
}

/** Chunks were sent from offset 0, so the server must not have any bytes yet. */
function requireNew({ offset }: BegunUpload): void {
  if (offset > 0) throw new UploadError('OFFSET_MISMATCH', { offset });
}

const begunEvent = (offset: number): UploadEvent => ({ type: 'begun', offset, at: performance.now() });

function recoveryOf(upload: Upload, network: UploadNetwork, options: PipelineOptions): RecoveryOptions<UploadEvent> {
  let restarts = 0;
  let isProgress = progressTest();
  return {
    minDelayMs: options.minRetryDelayMs,
    maxDelayMs: options.maxRetryDelayMs,
    maxAttempts: options.maxAttempts,
    giveUpAfterMs: upload.giveUpAfterMs,
    online$: network.online$,
    isProgress: (event) => isProgress(event),
    isUnderWay: ({ type }) => type === 'begun' || type === 'working',
    waiting: (reason, retryInMs) => ({ type: 'waiting', reason, retryInMs }),
    restart: (reason) => {
      if (++restarts > MAX_RESTARTS || reason.details?.['rereadable'] === false) throw reason;
      isProgress = progressTest();
      return restart(upload);
    },
  };
}

/** The upload starts from zero, under a new session ID. */
function restart({ source, session$ }: Upload): UploadEvent {
  source.restart();
  session$.next(sessionRestarted(session$.value, newSessionID()));
  return { type: 'restarted', sessionID: session$.value.sessionID };
}
