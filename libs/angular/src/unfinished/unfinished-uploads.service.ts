import { DestroyRef, inject, Injectable, signal } from '@angular/core';
import { UploadControls, type ResumeRecord, type UploadState } from '@upload-streams/client';
import { defer, finalize, from, lastValueFrom, of, tap, timeout, type MonoTypeOperatorFunction } from 'rxjs';
import type { ChosenFile } from '../chosen-file';
import { RESUME_STORE, UPLOAD_CLIENT } from '../upload.tokens';
import { SessionLocks } from './session-locks';
import { UploadNote } from './upload-note';

/** Uploads that were not remembered by then begin anew: a browser's database can be slow, and must not hold them up. */
const RECALL_TIMEOUT_MS = 2000;

/**
 * Uploads that an earlier visit to the page left unfinished, be it by a reload or a crash. Name and size only find
 * the session, and of several the date; whether its bytes are those of the file is checked when it is taken up.
 */
@Injectable({ providedIn: 'root' })
export class UnfinishedUploads {
  private readonly store = inject(RESUME_STORE);
  private readonly engine = inject(UPLOAD_CLIENT);
  private readonly locks = inject(SessionLocks);
  /** One session is for one upload: the same file chosen twice must not share it. */
  private readonly inUse = new Set<string>();
  /** Sessions that are live in some tab, and that this page waits for. */
  private readonly awaited = new Set<string>();
  private readonly listed = signal<readonly ResumeRecord[]>([]);
  private destroyed = false;

  /** What can be taken up: all that no tab uploads. The latest first. */
  readonly records = this.listed.asReadonly();

  constructor() {
    inject(DestroyRef).onDestroy(() => (this.destroyed = true));
    this.refresh();
  }

  /** Reads the list again: other tabs write to it too. */
  refresh(): void {
    void this.load();
  }

  /**
   * For each file, the record of an unfinished upload of it that nobody has, if there is one. It is taken from then on:
   * whoever asked has to run an upload with it.
   */
  async recall(files: readonly File[]): Promise<readonly (ResumeRecord | undefined)[]> {
    const read$ = from(Promise.all([this.store.list(), this.locks.held()])).pipe(
      timeout({ first: RECALL_TIMEOUT_MS, with: () => of([[], new Set<string>()] as const) }),
    );
    const [records, held] = await lastValueFrom(read$);
    const free = records.filter(({ sessionID }) => !held.has(sessionID));
    return files.map((file) => {
      const meant = free.filter((candidate) => isOf(candidate, file) && !this.inUse.has(candidate.sessionID));
      // A file that was only touched has another date and goes on; whether its bytes are the same, the engine finds out.
      const record = meant.find(({ lastModified }) => lastModified === file.lastModified) ?? meant[0];
      if (record) this.inUse.add(record.sessionID);
      return record;
    });
  }

  /** Remembers an upload as it goes; `recorded` where it goes on with a session that has a record. */
  follow(chosen: ChosenFile, recorded: boolean): MonoTypeOperatorFunction<UploadState> {
    const { store, locks, inUse } = this;
    return (states$) =>
      defer(() => {
        const note = new UploadNote(chosen, recorded, { store, locks, inUse });
        return states$.pipe(
          tap((state) => note.take(state)),
          finalize(() => {
            if (note.end()) this.refresh();
          }),
        );
      });
  }

  /** Gives an unfinished upload up; the server drops what it has of it, if it can be reached. */
  async forget(sessionID: string): Promise<void> {
    this.listed.update((records) => records.filter((record) => record.sessionID !== sessionID));
    await this.store.remove(sessionID);
    // To the engine it is an upload that is cancelled before anything is sent: a source is not read.
    const controls = new UploadControls();
    controls.cancel();
    await lastValueFrom(this.engine.upload(new Blob(), { sessionID, controls }), { defaultValue: undefined });
  }

  private async load(): Promise<void> {
    const [records, held] = await Promise.all([this.store.list(), this.locks.held()]);
    if (this.destroyed) return;
    this.listed.set(records.filter(({ sessionID }) => !held.has(sessionID)));
    for (const { sessionID } of records) {
      if (held.has(sessionID) && !this.inUse.has(sessionID)) void this.awaitEnd(sessionID);
    }
  }

  /** What a tab leaves behind when it is closed is offered here at once. */
  private async awaitEnd(sessionID: string): Promise<void> {
    if (this.awaited.has(sessionID)) return;
    this.awaited.add(sessionID);
    await this.locks.free(sessionID);
    this.awaited.delete(sessionID);
    if (!this.destroyed) this.refresh();
  }
}

function isOf({ fileName, size }: ResumeRecord, file: File): boolean {
  return fileName === file.name && size === file.size;
}
