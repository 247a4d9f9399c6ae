import { MAX_INLINE_BYTES, UploadError, type CompletedUpload } from '@upload-streams/protocol';
import {
  BehaviorSubject,
  catchError,
  concat,
  defer,
  distinctUntilChanged,
  finalize,
  from,
  fromEvent,
  lastValueFrom,
  map,
  NEVER,
  of,
  scan,
  startWith,
  Subject,
  switchMap,
  takeUntil,
  type Observable,
} from 'rxjs';
import { cancelSession, cancelUpload } from './pipeline/cancel-session.js';
import { controlled } from './pipeline/controlled.js';
import { CongestionWindow } from './pipeline/flow-control/congestion-window.js';
import { Semaphore } from './pipeline/flow-control/semaphore.js';
import { newSessionID } from './pipeline/session-id.js';
import { CheckedSource } from './pipeline/source/checked-source.js';
import { OpeningSource } from './pipeline/source/opening-source.js';
import type { Upload, UploadNetwork } from './pipeline/upload-context.js';
import { uploadPipeline } from './pipeline/upload-pipeline.js';
import type { Checksum } from './ports/checksum.js';
import type { ChunkSource } from './ports/chunk-source.js';
import type { LinkTuning } from './state/link-tuning.js';
import { initialUpload, reduceUpload } from './state/reduce-upload.js';
import type { UploadEvent } from './state/upload-event.js';
import { givenSession, newSession, type UploadSession } from './state/upload-session.js';
import type { UploadState } from './state/upload-state.js';
import type { ResolvedClientOptions } from './options/client-options.js';
import {
  GIVE_UP_AFTER_MS,
  resolveUploadOptions,
  type ResolvedUploadOptions,
  type UploadOptions,
} from './options/upload-options.js';
import { UploadControls } from './upload-controls.js';

/** What differs between browsers and Node. */
export interface UploadPlatform<Source> extends Omit<UploadNetwork, 'window'> {
  readonly openSource: (source: Source, options: ResolvedUploadOptions) => ChunkSource | Promise<ChunkSource>;
  readonly checksum: Checksum;
  /** @default that of Node */
  readonly linkTuning?: LinkTuning;
}

/** A small file takes one round trip, and shares a commit with others on the server. The window limits their bytes. */
const SMALL_FILES_AT_ONCE = 64;

/** An upload that is subscribed to. */
interface RunningUpload {
  readonly session$: BehaviorSubject<UploadSession>;
  /** Emits when the client cancels the session. */
  readonly cancelled$: Subject<void>;
}

/** Uploads to one gateway, over one connection. */
export class UploadClient<Source> {
  private readonly network: UploadNetwork;
  /** Apart from each other, so that a small file never waits behind large ones. */
  private readonly limits: { readonly small: Semaphore; readonly large: Semaphore };
  private readonly running = new Set<RunningUpload>();

  constructor(
    private readonly platform: UploadPlatform<Source>,
    private readonly options: ResolvedClientOptions,
  ) {
    const { transport, online$, linkTuning } = platform;
    this.network = { transport, online$, window: new CongestionWindow(linkTuning) };
    this.limits = { small: new Semaphore(SMALL_FILES_AT_ONCE), large: new Semaphore(options.concurrency) };
  }

  /**
   * Emits the states of an upload, the last of them `completed`, `failed` or `cancelled`. The observable itself never fails.
   * It is cold: each subscription is an upload. Unsubscribing stops the upload and leaves its session on the server, to be
   * resumed. Throws a RangeError if an option can't be used.
   */
  upload(source: Source, options: UploadOptions = {}): Observable<UploadState> {
    const resolved = resolveUploadOptions(options);
    return defer(() => {
      const { sessionID, fileName = '', signal } = resolved;
      const session = sessionID === undefined ? newSession(newSessionID()) : givenSession(sessionID);
      const initial = initialUpload(session.sessionID, fileName);
      return this.events(source, resolved, session).pipe(
        catchError((error) => of<UploadEvent>({ type: 'failed', error: UploadError.from(error) })),
        scan(reduceUpload, initial),
        map(({ state }) => state),
        startWith(initial.state),
        distinctUntilChanged(),
        takeUntil(aborted(signal)),
      );
    });
  }

  /**
   * Uploads to the end. Rejects with the `UploadError` of a failed upload, with the reason of a signal that aborted it, and
   * with an `AbortError` if it was cancelled, or with a RangeError if an option can't be used. Unless `giveUpAfterMs` is set, an upload that could not go on for ten minutes
   * fails.
   */
  async uploadToEnd(source: Source, options: UploadOptions = {}): Promise<CompletedUpload> {
    const giveUpAfterMs = options.giveUpAfterMs ?? GIVE_UP_AFTER_MS;
    const states$ = this.upload(source, { ...options, giveUpAfterMs });
    const state = await lastValueFrom(states$, { defaultValue: undefined });
    if (state?.status === 'completed') return state.file;
    if (state?.status === 'failed') throw state.error;
    options.signal?.throwIfAborted();
    throw new DOMException('The upload was cancelled', 'AbortError');
  }

  /**
   * Cancels a session: the server drops it and its bytes. If this client is uploading it, that upload ends as `cancelled`; an
   * upload of another client fails with UPLOAD_CANCELLED. Resolves when the server has answered. Does not try again.
   *
   * Rejects with an `UploadError`:
   * - SESSION_NOT_FOUND: the server does not know the session, and this client is not uploading it. The session may have
   *   expired, or its file was sent in one request, for which no session is kept.
   * - SESSION_FORBIDDEN: the session belongs to another owner.
   * - UPLOAD_ALREADY_COMPLETE: the file is complete. It stays on the server.
   * - CONNECTION_LOST, ACK_TIMEOUT: the server can't be reached, or does not answer within a minute. The session may still be
   *   there. It expires by itself, or can be cancelled later.
   */
  async cancel(sessionID: string): Promise<void> {
    const uploads = [...this.running].filter(({ session$ }) => session$.value.sessionID === sessionID);
    for (const upload of uploads) {
      // First, because a subscriber may call this again.
      this.running.delete(upload);
      upload.cancelled$.next();
    }
    try {
      await lastValueFrom(cancelSession(sessionID, this.network.transport));
    } catch (error) {
      // An upload that was still queued is not known to the server.
      if (uploads.length === 0 || UploadError.from(error).code !== 'SESSION_NOT_FOUND') throw error;
    }
  }

  /** Closes the connection. Uploads that are still running wait and open it again, so end them first. */
  close(): void {
    this.platform.transport.close();
  }

  private events(source: Source, options: ResolvedUploadOptions, session: UploadSession): Observable<UploadEvent> {
    return defer(() => {
      const running: RunningUpload = { session$: new BehaviorSubject(session), cancelled$: new Subject() };
      const { session$, cancelled$ } = running;
      const { commands$ } = options.controls ?? new UploadControls();
      const opening = new OpeningSource(async () => this.platform.openSource(source, options));
      const open = opening.once((opened) => this.uploadOf(opened, options, session$));
      // switchMap: there is one source. While it does not open, the upload can be paused and cancelled as well.
      const uploaded$ = defer(open).pipe(switchMap((upload) => this.run(upload)));
      const cancelHere$ = defer(() => cancelUpload(session$.value, this.network.transport));
      this.running.add(running);
      return controlled(uploaded$, cancelHere$, { commands$, cancelled$ }).pipe(
        finalize(() => {
          this.running.delete(running);
          if (this.running.size === 0) this.network.transport.rest();
          opening.close();
        }),
      );
    });
  }

  private uploadOf(source: ChunkSource, options: ResolvedUploadOptions, session$: RunningUpload['session$']): Upload {
    const { metadata, giveUpAfterMs } = options;
    return { source: new CheckedSource(source, this.platform.checksum), session$, metadata, giveUpAfterMs };
  }

  private run(upload: Upload): Observable<UploadEvent> {
    const { facts } = upload.source;
    const { sessionID } = upload.session$.value;
    const isSmall = facts.size !== undefined && facts.size <= MAX_INLINE_BYTES;
    const limit = isSmall ? this.limits.small : this.limits.large;
    return concat(
      from<UploadEvent[]>([
        { type: 'opened', facts },
        { type: 'queued', sessionID },
      ]),
      limit.run(uploadPipeline(upload, this.network, this.options)),
    );
  }
}

/** Emits when the signal is aborted, at once if it already is. */
function aborted(signal: AbortSignal | undefined): Observable<unknown> {
  if (signal === undefined) return NEVER;
  return signal.aborted ? of(undefined) : fromEvent(signal, 'abort');
}
