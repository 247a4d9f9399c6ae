import {
  BEGIN_UPLOAD,
  MAX_INLINE_BYTES,
  PROTOCOL_VERSION,
  SERVER_DRAINING,
  UploadError,
  uploadChunkEvent,
  uploadErrorEvent,
  uploadInProgressEvent,
  uploadSuccessEvent,
  type BegunUpload,
  type ChunkWritten,
  type CompletedUpload,
  type ServerDraining,
} from '@upload-streams/protocol';
import {
  combineLatest,
  concat,
  concatMap,
  debounceTime,
  defer,
  EMPTY,
  filter,
  ignoreElements,
  map,
  merge,
  mergeMap,
  of,
  startWith,
  Subject,
  switchMap,
  takeWhile,
  tap,
  using,
  type Observable,
} from 'rxjs';
import type { LinkShare, LinkWindow } from './flow-control/congestion-window.js';
import { answeredWithin, emitWithAck, throwOverdue } from './operators/emit-with-ack.js';
import { retryByRecovery } from './operators/retry-by-recovery.js';
import { sendWindow } from './operators/send-window.js';
import type { UploadTransport } from '../ports/transport.js';
import { begunUpload, chunkWritten, completedUpload } from './server-answers.js';
import { isLast, newHighest, type UploadEvent } from '../state/upload-event.js';
import type { ResolvedClientOptions } from '../upload-options.js';
import type { UploadRun, RunChunk } from './upload-run.js';

/** A begin waits for the server to let go of an older connection, or to read what it has after a restart. */
const BEGIN_TIMEOUT_MS = 60_000;

/** Below, more messages cost more than the round trip that they save. */
const AHEAD_WORTH_MS = 5;

/** A source that changes under every attempt is given up after this many. */
const MAX_RESTARTS = 3;

/** What an upload goes over. */
export interface UploadNetwork {
  readonly transport: UploadTransport;
  /** What all uploads over this transport may have under way together. */
  readonly link: LinkWindow;
  /** Whether there is a network at all, as far as the platform can tell. Emits at once. */
  readonly online$: Observable<boolean>;
}

/** One connection of an upload: the wire, and its part of what may be under way on it. */
interface Line {
  readonly transport: UploadTransport;
  readonly share: LinkShare;
  readonly ackTimeoutMs: number;
}

/** An upload, from its first begin to its last event. Cold: subscribing starts it, unsubscribing stops it. */
export function uploadPipeline(
  run: UploadRun,
  network: UploadNetwork,
  options: ResolvedClientOptions,
): Observable<UploadEvent> {
  return defer(() => {
    const notices = new Subject<UploadEvent>();
    let restarts = 0;
    let isProgress = newHighest();
    const attempts$ = oneConnection(run, network, options).pipe(
      retryByRecovery({
        minDelayMs: options.minRetryDelayMs,
        maxDelayMs: options.maxRetryDelayMs,
        online$: network.online$,
        maxAttempts: options.maxAttempts,
        giveUpAfterMs: run.giveUpAfterMs,
        isProgress: (event) => isProgress(event),
        isUnderWay: ({ type }) => type === 'begun' || type === 'working',
        onWait: (reason, retryInMs) => notices.next({ type: 'waiting', reason, retryInMs }),
        onRestart: (reason) => {
          if (++restarts > MAX_RESTARTS || reason.details?.['rereadable'] === false) throw reason;
          run.restart();
          isProgress = newHighest();
          notices.next({ type: 'restarted', sessionID: run.sessionID });
        },
      }),
    );
    return merge(notices, attempts$).pipe(takeWhile((event) => !isLast(event), true));
  });
}

/** Begins, sends and finishes over one connection; fails when the connection does. */
function oneConnection(
  run: UploadRun,
  { transport, link }: UploadNetwork,
  options: ResolvedClientOptions,
): Observable<UploadEvent> {
  const line = (share: LinkShare): Line => ({ transport, share, ackTimeoutMs: options.ackTimeoutMs });
  const upload$ = using(
    () => link.join(),
    (share) => beginAndResume(run, line(share as LinkShare)),
  );
  return concat(of<UploadEvent>({ type: 'connecting' }), transport.connected$.pipe(switchMap(() => upload$)));
}

function beginAndResume(run: UploadRun, line: Line): Observable<UploadEvent> {
  const proven$ = run.needsProof ? defer(() => run.prove()) : EMPTY;
  run.connected();
  return concat(
    proven$,
    defer(() => beginProven(run, line)),
  );
}

/** The source is the file that it was, or counts as it is now. */
function beginProven(run: UploadRun, line: Line): Observable<UploadEvent> {
  const working$ = signsOfWork(run, line.transport).pipe(map((): UploadEvent => ({ type: 'working' })));
  return merge(working$, beginAsFits(run, line));
}

/** While it works on an answer, the server says so every few seconds. */
function signsOfWork(run: UploadRun, transport: UploadTransport): Observable<unknown> {
  return transport.on(uploadInProgressEvent(run.sessionID));
}

function beginAsFits(run: UploadRun, line: Line): Observable<UploadEvent> {
  const isUnknown = run.takeUnknown();
  const isFar = line.share.roundTripMs >= AHEAD_WORTH_MS;
  if (isUnknown && isFar && inlineBytesOf(run) === undefined) return beginAhead(run, line);
  return begin(run, line).pipe(
    switchMap((begun) => (begun.completed ? confirm(run, begun.completed) : resume(run, begun, line))),
  );
}

/** A new upload begins at zero: its first chunks follow `begin_upload` at once, which saves a round trip. */
function beginAhead(run: UploadRun, line: Line): Observable<UploadEvent> {
  const begun$ = begin(run, line).pipe(map((begun) => run.begunAhead(begun)));
  const start$ = defer(() => run.startAhead(line.share.lastWindow)).pipe(ignoreElements());
  return merge(outcome(run, line.transport), begun$, concat(start$, sendToEnd(run, line)));
}

const inlineBytesOf = (run: UploadRun) => run.inlineBytes(MAX_INLINE_BYTES);

/** `begin_upload`; a file small enough rides along in it. */
function begin(run: UploadRun, { transport, share }: Line): Observable<BegunUpload> {
  const inlineBytes = inlineBytesOf(run);
  const inline$ =
    inlineBytes === undefined
      ? of({})
      : share.reserve(inlineBytes).pipe(concatMap(() => run.inlineChunk(MAX_INLINE_BYTES)));
  return inline$.pipe(
    concatMap((inline) => {
      const payload = { protocol: PROTOCOL_VERSION, sessionID: run.sessionID, ...run.facts(), ...inline };
      const mark = share.sent(inlineBytes ?? 0);
      return emitWithAck<BegunUpload>(transport, BEGIN_UPLOAD, payload).pipe(
        answeredWithin(transport, BEGIN_TIMEOUT_MS, signsOfWork(run, transport)),
        map(begunUpload),
        tap(() => share.acked(mark)),
      );
    }),
  );
}

/** The upload was completed before, or just now in one round trip: it is this one if the bytes are. */
function confirm(run: UploadRun, file: CompletedUpload): Observable<UploadEvent> {
  const compared$ = defer(() => run.confirm(file)).pipe(ignoreElements());
  return concat(hashing(run, file.size), compared$, of(completed(file)));
}

/** Told only where the source has to be read again. */
function hashing(run: UploadRun, offset: number): Observable<UploadEvent> {
  return run.knowsPrefix(offset) ? EMPTY : of<UploadEvent>({ type: 'hashing' });
}

/** From the server's offset to the end, watching for what the server says of the whole upload meanwhile. */
function resume(run: UploadRun, begun: BegunUpload, line: Line): Observable<UploadEvent> {
  const begun$ = of<UploadEvent>({ type: 'begun', offset: begun.offset, at: performance.now() });
  const prefix$ = defer(() => run.resumeAt(begun)).pipe(ignoreElements());
  const sending$ = concat(hashing(run, begun.offset), prefix$, begun$, sendToEnd(run, line));
  return merge(outcome(run, line.transport), sending$);
}

/** The book must be the one of this connection by now; the last one's would look stalled. */
function sendToEnd(run: UploadRun, line: Line): Observable<UploadEvent> {
  return merge(stalled(run, line), concat(sendChunks(run, line), of<UploadEvent>({ type: 'verifying' })));
}

/** The chunk and ack loop: read as the window allows, send, and let each ack move the offset and open the window. */
function sendChunks(run: UploadRun, { transport, share }: Line): Observable<UploadEvent> {
  const event = uploadChunkEvent(run.sessionID);
  const send = (chunk: RunChunk) => {
    const mark = share.sent(chunk.bytes);
    const ack$ = emitWithAck<ChunkWritten>(transport, event, chunk.payload);
    const settle = ({ window }: ChunkWritten) => {
      share.acked(mark, window);
      chunk.free?.();
    };
    return ack$.pipe(map(chunkWritten), tap(settle));
  };
  return sendWindow(run.flight$, share, (maxBytes) => run.readChunk(maxBytes)).pipe(
    mergeMap(send),
    map((ack) => run.acked(ack)),
  );
}

/** Chunks are out and nothing comes back. Any sending, ack or sign of work starts the wait anew. */
function stalled(run: UploadRun, { transport, ackTimeoutMs }: Line): Observable<never> {
  const signs$ = signsOfWork(run, transport).pipe(startWith(undefined));
  return combineLatest([run.flight$, signs$]).pipe(
    debounceTime(ackTimeoutMs),
    filter(([{ sent, acked }]) => sent > acked),
    map(throwOverdue(transport, ackTimeoutMs)),
  );
}

/** `upload_success` completes the upload, `upload_error` fails it; a server that shuts down asks to come back later. */
function outcome(run: UploadRun, transport: UploadTransport): Observable<UploadEvent> {
  const success$ = transport.on(uploadSuccessEvent(run.sessionID));
  const error$ = transport.on(uploadErrorEvent(run.sessionID));
  const draining$ = transport.on(SERVER_DRAINING);
  return merge(
    success$.pipe(map(([file]) => completed(completedUpload(file)))),
    error$.pipe(
      map(([, error]) => {
        throw UploadError.fromBody(error);
      }),
    ),
    draining$.pipe(
      map(([notice]) => {
        throw new UploadError('SERVER_DRAINING', { ...(notice as ServerDraining) });
      }),
    ),
  );
}

const completed = (file: CompletedUpload): UploadEvent => ({ type: 'completed', file });
