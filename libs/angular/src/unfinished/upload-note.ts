import { isFinal, type ResumeStore, type UploadState } from '@upload-streams/client';
import type { ChosenFile } from '../chosen-file';
import type { SessionLocks } from './session-locks';

/** How often progress is written: the percentage that a later visit shows is at most this old. */
const WRITE_EVERY_MS = 1000;

/** Where a note is written, and who else must know. */
export interface NoteContext {
  readonly store: ResumeStore;
  readonly locks: SessionLocks;
  /** Sessions that have an upload on this page. */
  readonly inUse: Set<string>;
}

/** Keeps the record of one upload while it runs: there is one as long as there is something to go on with. */
export class UploadNote {
  private sessionID: string | undefined;
  private writtenAt: number | undefined;
  private release = () => {};

  /** `recorded`: a record is there from an earlier attempt. */
  constructor(
    private readonly chosen: ChosenFile,
    private recorded: boolean,
    private readonly context: NoteContext,
  ) {}

  take(state: UploadState): void {
    if (state.sessionID !== this.sessionID) this.moveTo(state.sessionID);
    if (isOver(state)) this.remove();
    else if (state.uploaded > 0 && !isFinal(state)) this.write(state);
  }

  /** Gives whether there was a record at any time. */
  end(): boolean {
    if (this.sessionID !== undefined) this.context.inUse.delete(this.sessionID);
    this.release();
    return this.recorded;
  }

  /** An upload that starts anew has a new session; there is nothing to go on with in the old one. */
  private moveTo(sessionID: string): void {
    const { locks, inUse } = this.context;
    if (this.sessionID !== undefined) {
      this.remove();
      inUse.delete(this.sessionID);
      this.release();
    }
    this.sessionID = sessionID;
    inUse.add(sessionID);
    this.release = locks.hold(sessionID);
  }

  private write({ uploaded, size: sizeNow }: UploadState): void {
    const updatedAt = Date.now();
    if (this.writtenAt === undefined) {
      const { handle, file } = this.chosen;
      const { name: fileName, lastModified, type } = file;
      // One that changed is uploaded as it is now.
      const size = sizeNow ?? file.size;
      const facts = { sessionID: this.sessionID ?? '', fileName, size, lastModified, type };
      void this.context.store.put({ ...facts, uploaded, updatedAt, handle });
    } else if (updatedAt - this.writtenAt >= WRITE_EVERY_MS) {
      void this.context.store.update(this.sessionID ?? '', { uploaded, updatedAt });
    } else return;
    this.recorded = true;
    this.writtenAt = updatedAt;
  }

  /** Thousands of small files are through before there is anything to note: they cost no access to the store. */
  private remove(): void {
    if (this.recorded && this.sessionID !== undefined) void this.context.store.remove(this.sessionID);
    this.writtenAt = undefined;
  }
}

/** Whether nothing is left on the server to go on with. */
function isOver(state: UploadState): boolean {
  if (state.status === 'failed') return state.error.code === 'UPLOAD_CANCELLED';
  return state.status === 'completed' || state.status === 'cancelled';
}
