import { MAX_INLINE_BYTES, UploadError, type CompletedUpload } from '@upload-streams/protocol';
import {
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
  switchMap,
  takeUntil,
  takeWhile,
  tap,
  type Observable,
} from 'rxjs';
import type { Platform } from './state/link-estimate.js';
import { LinkWindow } from './pipeline/flow-control/congestion-window.js';
import { cancelUpload } from './pipeline/cancel-upload.js';
import { OpeningSource } from './pipeline/source/opening-source.js';
import type { ChunkSource } from './ports/chunk-source.js';
import type { Checksum } from './pipeline/source/prefix-checksum.js';
import { initialUpload, reduceUpload } from './state/reduce-upload.js';
import { newSessionID } from './pipeline/session-id.js';
import { UploadControls } from './upload-controls.js';
import { isLast, type UploadEvent } from './state/upload-event.js';
import { Lane, type UploadLanes } from './pipeline/flow-control/semaphore.js';
import { GIVE_UP_AFTER_MS, type ResolvedClientOptions, type UploadOptions } from './upload-options.js';
import { uploadPipeline, type UploadNetwork } from './pipeline/upload-pipeline.js';
import { UploadRun } from './pipeline/upload-run.js';
import type { UploadState } from './state/upload-state.js';

/** What the two entry points, for browsers and for Node, put under the client. */
export interface UploadPlatform<Source> extends Omit<UploadNetwork, 'link'> {
  readonly openSource: (source: Source, options: UploadOptions) => ChunkSource | Promise<ChunkSource>;
  readonly checksum: Checksum;
  /** @default those of Node */
  readonly linkPlatform?: Platform;
}

/** Small files take a round trip each, and share commits on the server; how many bytes they are, the link decides. */
const SMALL_LANE_SLOTS = 64;

/** Uploads to one gateway, over one connection. */
export class UploadClient<Source> {
  private readonly lanes: UploadLanes;
  private readonly network: UploadNetwork;

  constructor(
    private readonly platform: UploadPlatform<Source>,
    private readonly options: ResolvedClientOptions,
  ) {
    this.network = {
      transport: platform.transport,
      online$: platform.online$,
      link: new LinkWindow(platform.linkPlatform),
    };
    this.lanes = { small: new Lane(SMALL_LANE_SLOTS), large: new Lane(options.concurrency) };
  }

  /**
   * The states of an upload, the last of them `completed`, `failed` or `cancelled`; the observable itself never fails.
   * Cold: each subscription is an upload. Unsubscribing stops it and leaves the session on the server to be resumed.
   */
  upload(source: Source, options: UploadOptions = {}): Observable<UploadState> {
    return defer(() => {
      const sessionID = options.sessionID ?? newSessionID();
      const initial = initialUpload(sessionID, options.fileName ?? '');
      return this.events(source, options, sessionID).pipe(
        catchError((error) => of<UploadEvent>({ type: 'failed', error: UploadError.from(error) })),
        scan(reduceUpload, initial),
        map(({ state }) => state),
        startWith(initial.state),
        distinctUntilChanged(),
        takeUntil(aborted(options.signal)),
      );
    });
  }

  /**
   * Uploads to the end. Rejects with the UploadError of a failed upload, with the reason of a signal that aborted it, and
   * with an AbortError for a cancelled one. Without `giveUpAfterMs` it gives up after ten minutes in which nothing moved.
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

  /** Closes the connection. Uploads under way wait and make it again; end them first. */
  close(): void {
    this.platform.transport.close();
  }

  private events(source: Source, options: UploadOptions, sessionID: string): Observable<UploadEvent> {
    return defer(() => {
      const { openSource, checksum } = this.platform;
      const opening = new OpeningSource(async () => openSource(source, options));
      const run = opening.once((opened) => new UploadRun(opened, options, checksum, sessionID));
      return this.controlled(run, options, sessionID).pipe(finalize(() => opening.close()));
    });
  }

  /**
   * The pipeline as the person wills: a pause leaves the connection's work, a resume begins again where it stood. A source
   * that never opens can be paused and cancelled as well.
   */
  private controlled(
    run: () => Promise<UploadRun>,
    options: UploadOptions,
    sessionID: string,
  ): Observable<UploadEvent> {
    let present = sessionID;
    const running$ = defer(run).pipe(switchMap((opened) => this.running(opened)));
    return (options.controls ?? new UploadControls()).commands$.pipe(
      switchMap((command) => {
        if (command === 'pause') return of<UploadEvent>({ type: 'paused' });
        return command === 'cancel' ? cancelUpload(present, this.platform.transport) : running$;
      }),
      tap((event) => {
        if (event.type === 'restarted') present = event.sessionID;
      }),
      takeWhile((event) => !isLast(event), true),
    );
  }

  private running(run: UploadRun): Observable<UploadEvent> {
    const lane = (run.facts().size ?? Infinity) <= MAX_INLINE_BYTES ? this.lanes.small : this.lanes.large;
    return concat(
      from<UploadEvent[]>([run.opened(), { type: 'queued', sessionID: run.sessionID }]),
      lane.run(uploadPipeline(run, this.network, this.options)),
    );
  }
}

/** Emits when the signal is aborted, at once where it was before. */
function aborted(signal: AbortSignal | undefined): Observable<unknown> {
  if (signal === undefined) return NEVER;
  return signal.aborted ? of(undefined) : fromEvent(signal, 'abort');
}
