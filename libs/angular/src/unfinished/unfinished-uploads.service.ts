import { DestroyRef, DOCUMENT, inject, Injectable, type Signal } from '@angular/core';
import { toSignal } from '@angular/core/rxjs-interop';
import { ResumableUploads, SessionLocks, type ResumeRecord, type UploadState } from '@upload-streams/client';
import type { MonoTypeOperatorFunction } from 'rxjs';
import type { FileToUpload } from '../chosen-file';
import { inBrowser } from '../in-browser';
import { RESUME_STORE, UPLOAD_CLIENT } from '../upload.tokens';

/** The unfinished uploads of this page and of earlier visits. The client does the work; this presents it by signals. */
@Injectable({ providedIn: 'root' })
export class UnfinishedUploads {
  private readonly uploads = resumableUploads();

  /** The unfinished uploads that no tab is uploading, the latest first. */
  readonly records: Signal<readonly ResumeRecord[]> = toSignal(this.uploads.records$, { requireSync: true });

  constructor() {
    inject(DestroyRef).onDestroy(() => this.uploads.close());
    if (inBrowser()) this.refresh();
  }

  /** Reads the records again: other tabs write them too. */
  refresh(): void {
    this.uploads.refresh();
  }

  /**
   * Returns for each file the record of an unfinished upload of it, unless some tab uploads it. The record is reserved for
   * the caller, who has to run an upload with it.
   */
  recall(files: readonly File[]): Promise<readonly (ResumeRecord | undefined)[]> {
    return this.uploads.recall(files);
  }

  /** Remembers an upload while it runs. `recorded`: whether it goes on with a session that has a record. */
  follow(chosen: FileToUpload, recorded: boolean): MonoTypeOperatorFunction<UploadState> {
    return this.uploads.remember(chosen, recorded);
  }

  /** Gives an unfinished upload up. The server drops what it has of it, if it can be reached. Never rejects. */
  forget(sessionID: string): Promise<void> {
    return this.uploads.forget(sessionID);
  }
}

function resumableUploads(): ResumableUploads {
  const client = inject(UPLOAD_CLIENT);
  return new ResumableUploads({
    store: inject(RESUME_STORE),
    locks: new SessionLocks(inBrowser() ? inject(DOCUMENT).defaultView?.navigator.locks : undefined),
    cancel: (sessionID) => client.cancel(sessionID),
  });
}
