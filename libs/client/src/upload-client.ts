import { MAX_INLINE_BYTES, UploadError, type CompletedUpload } from '@upload-streams/protocol';
import {
  catchError,
  concat,
  defer,
  distinctUntilChanged,
  finalize,
  lastValueFrom,
  map,
  of,
  scan,
  startWith,
  switchMap,
  takeWhile,
  type Observable,
} from 'rxjs';
import type { Platform } from './link-estimate.js';
import { LinkWindow } from './link-window.js';
import { cancelUpload } from './cancel-upload.js';
import type { ChunkSource } from './ports/chunk-source.js';
import type { Checksum } from './prefix-checksum.js';
import { initialUpload, reduceUpload } from './reduce-upload.js';
import { newSessionID } from './session-id.js';
import { UploadControls } from './upload-controls.js';
import { isLast, type UploadEvent } from './upload-event.js';
import { Lane, type UploadLanes } from './upload-lanes.js';
import type { ResolvedClientOptions, UploadOptions } from './upload-options.js';
import { uploadPipeline, type UploadNetwork } from './upload-pipeline.js';
import { UploadRun } from './upload-run.js';
import type { UploadState } from './upload-state.js';

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
      );
    });
  }

  /** Uploads to the end. Rejects with the UploadError of a failed upload, and with an AbortError for a cancelled one. */
  async uploadToEnd(source: Source, options: UploadOptions = {}): Promise<CompletedUpload> {
    const state = await lastValueFrom(this.upload(source, options));
    if (state.status === 'completed') return state.file;
    if (state.status === 'failed') throw state.error;
    throw new DOMException('The upload was cancelled', 'AbortError');
  }

  /** Closes the connection. Uploads under way wait and make it again; end them first. */
  close(): void {
    this.platform.transport.close();
  }

  private events(source: Source, options: UploadOptions, sessionID: string): Observable<UploadEvent> {
    return defer(async () => this.platform.openSource(source, options)).pipe(
      switchMap((opened) =>
        concat(
          of<UploadEvent>({ type: 'opened', facts: opened }),
          this.controlled(opened, options, new UploadRun(opened, options, this.platform.checksum, sessionID)),
        ).pipe(finalize(() => void opened.close().catch(() => undefined))),
      ),
    );
  }

  /** The pipeline as the person wills: a pause leaves the connection's work, a resume begins again where it stood. */
  private controlled(source: ChunkSource, options: UploadOptions, run: UploadRun): Observable<UploadEvent> {
    const { transport } = this.platform;
    const lane = (source.size ?? Infinity) <= MAX_INLINE_BYTES ? this.lanes.small : this.lanes.large;
    const running$ = concat(
      defer(() => of<UploadEvent>({ type: 'queued', sessionID: run.sessionID })),
      lane.run(uploadPipeline(run, this.network, this.options)),
    );
    return (options.controls ?? new UploadControls()).commands$.pipe(
      switchMap((command) => {
        if (command === 'pause') return of<UploadEvent>({ type: 'paused' });
        return command === 'cancel' ? cancelUpload(run.sessionID, transport) : running$;
      }),
      takeWhile((event) => !isLast(event), true),
    );
  }
}
