import type { UploadClientOptions, UploadControls, UploadOptions, UploadState } from '@upload-streams/client';
import { finalize, Observable, Subject } from 'rxjs';
import type { UploadEngine } from '../upload.tokens';

/** One upload of the fake engine. The test emits its states. */
export interface FakeUpload {
  readonly file: File;
  readonly options: UploadOptions & { readonly controls: UploadControls };
  readonly states: Subject<UploadState>;
  stopped: boolean;
}

/** An engine without a network. */
export class FakeEngine implements UploadEngine {
  readonly uploads: FakeUpload[] = [];
  private onUpload: ((upload: FakeUpload) => void) | undefined;
  /** The IDs of the sessions that were cancelled. */
  readonly cancelled: string[] = [];

  upload(source: Blob, options: UploadOptions & Partial<UploadClientOptions> = {}): Observable<UploadState> {
    return new Observable<UploadState>((subscriber) => {
      const upload = { file: source, options, states: new Subject<UploadState>(), stopped: false } as FakeUpload;
      this.uploads.push(upload);
      this.onUpload?.(upload);
      return upload.states.pipe(finalize(() => (upload.stopped = true))).subscribe(subscriber);
    });
  }

  async cancel(sessionID: string): Promise<void> {
    this.cancelled.push(sessionID);
  }

  /** Resolves when the next upload has begun. */
  nextUpload(): Promise<FakeUpload> {
    return new Promise((resolve) => (this.onUpload = resolve));
  }

  /** The upload at this index, in order of begin. */
  at(at: number): FakeUpload {
    const upload = this.uploads[at];
    if (!upload) throw new RangeError(`only ${this.uploads.length} uploads were begun`);
    return upload;
  }
}
