import {
  BehaviorSubject,
  defer,
  finalize,
  from,
  lastValueFrom,
  of,
  tap,
  timeout,
  type MonoTypeOperatorFunction,
  type Observable,
} from 'rxjs';
import type { ResumeRecord, ResumeStore } from '../ports/resume-store.js';
import type { UploadState } from '../state/upload-state.js';
import { recordOf, type ResumableFile } from './resumable-file.js';
import type { SessionLocks } from './session-locks.js';
import { UploadRecorder } from './upload-recorder.js';

/** A browser's database can be slow. Uploads whose records are not read by then begin anew. */
const RECALL_TIMEOUT_MS = 2000;

export interface ResumableUploadsOptions {
  readonly store: ResumeStore;
  readonly locks: SessionLocks;
  /** Cancels a session on the server, as `UploadClient.cancel` does. */
  readonly cancel: (sessionID: string) => Promise<void>;
}

/** Remembers the unfinished uploads of a page, and recalls those that an earlier visit has left, by a reload or a crash. */
export class ResumableUploads {
  private readonly store: ResumeStore;
  private readonly locks: SessionLocks;
  /** A session belongs to one upload: the same file chosen twice must not share it. */
  private readonly inUse = new Set<string>();
  /** Sessions that some tab uploads and whose end this page waits for. */
  private readonly awaited = new Set<string>();
  private readonly records = new BehaviorSubject<readonly ResumeRecord[]>([]);
  private closed = false;

  /** The unfinished uploads that no tab is uploading, the latest first. Emits on subscription. */
  readonly records$: Observable<readonly ResumeRecord[]> = this.records.asObservable();

  constructor(private readonly options: ResumableUploadsOptions) {
    this.store = options.store;
    this.locks = options.locks;
  }

  /** Reads the records again: other tabs write them too. */
  refresh(): void {
    void this.load();
  }

  /**
   * Returns for each file the record of an unfinished upload of it, unless some tab uploads it. The record is reserved for
   * the caller, who has to run an upload with it.
   */
  async recall(files: readonly File[]): Promise<readonly (ResumeRecord | undefined)[]> {
    const read$ = from(Promise.all([this.store.list(), this.locks.held()])).pipe(
      timeout({ first: RECALL_TIMEOUT_MS, with: () => of([[], new Set<string>()] as const) }),
    );
    const [records, held] = await lastValueFrom(read$);
    return files.map((file) => {
      const free = records.filter(({ sessionID }) => !held.has(sessionID) && !this.inUse.has(sessionID));
      const record = recordOf(free, file);
      if (record) this.inUse.add(record.sessionID);
      return record;
    });
  }

  /** Remembers an upload while it runs. `recorded`: whether it goes on with a session that has a record. */
  remember(chosen: ResumableFile, recorded: boolean): MonoTypeOperatorFunction<UploadState> {
    const { store, locks, inUse } = this;
    return (states$) =>
      defer(() => {
        const recorder = new UploadRecorder(chosen, recorded, { store, locks, inUse });
        return states$.pipe(
          tap((state) => recorder.take(state)),
          finalize(() => {
            recorder.close();
            if (recorder.wasRecorded) this.refresh();
          }),
        );
      });
  }

  /** Gives an unfinished upload up. The server drops what it has of it, if it can be reached. Never rejects. */
  async forget(sessionID: string): Promise<void> {
    this.records.next(this.records.value.filter((record) => record.sessionID !== sessionID));
    await this.store.remove(sessionID);
    // A read that was under way may have brought the record back.
    await this.load();
    // A session that can't be cancelled now expires by itself.
    await this.options.cancel(sessionID).catch(() => undefined);
  }

  /** Emits no more records. */
  close(): void {
    this.closed = true;
    this.records.complete();
  }

  private async load(): Promise<void> {
    const [records, held] = await Promise.all([this.store.list(), this.locks.held()]);
    if (this.closed) return;
    this.records.next(records.filter(({ sessionID }) => !held.has(sessionID)));
    for (const { sessionID } of records) {
      if (held.has(sessionID) && !this.inUse.has(sessionID)) void this.awaitEnd(sessionID);
    }
  }

  /** What a closed tab has left is offered here at once. */
  private async awaitEnd(sessionID: string): Promise<void> {
    if (this.awaited.has(sessionID)) return;
    this.awaited.add(sessionID);
    await this.locks.free(sessionID);
    this.awaited.delete(sessionID);
    if (!this.closed) this.refresh();
  }
}
