import type { ResumeStore } from '../ports/resume-store.js';
import { isFinal, type UploadState } from '../state/upload-state.js';
import type { ResumableFile } from './resumable-file.js';
import type { SessionLocks } from './session-locks.js';

/** How often progress is saved. The percentage that a later visit shows is at most this old. */
const SAVE_EVERY_MS = 1000;

/** Where a recorder writes, and who has to know. */
export interface RecorderContext {
  readonly store: ResumeStore;
  readonly locks: SessionLocks;
  /** Sessions that this page uploads. */
  readonly inUse: Set<string>;
}

/** Keeps the record of one upload while it runs. There is a record as long as there is something to resume. */
export class UploadRecorder {
  private sessionID: string | undefined;
  private savedAt: number | undefined;
  private release = () => {};
  private recorded: boolean;

  /** `recorded`: whether there is a record from an earlier visit. */
  constructor(
    private readonly chosen: ResumableFile,
    recorded: boolean,
    private readonly context: RecorderContext,
  ) {
    this.recorded = recorded;
  }

  /** Whether there has been a record at any time. */
  get wasRecorded(): boolean {
    return this.recorded;
  }

  take(state: UploadState): void {
    if (state.sessionID !== this.sessionID) this.moveTo(state.sessionID);
    if (isOver(state)) this.remove();
    else if (state.uploaded > 0 && !isFinal(state)) this.save(state);
  }

  /** The upload has ended or was stopped. */
  close(): void {
    if (this.sessionID !== undefined) this.context.inUse.delete(this.sessionID);
    this.release();
  }

  /** An upload that restarts has a new session. There is nothing to resume in the old one. */
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

  private save({ sessionID, uploaded, size }: UploadState): void {
    const updatedAt = Date.now();
    if (this.savedAt !== undefined && updatedAt - this.savedAt < SAVE_EVERY_MS) return;
    if (this.savedAt === undefined) this.put(sessionID, { uploaded, updatedAt }, size);
    else void this.context.store.update(sessionID, { uploaded, updatedAt });
    this.recorded = true;
    this.savedAt = updatedAt;
  }

  /** `size`: of the file as it is now. A file that has changed is uploaded as it is now. */
  private put(sessionID: string, progress: { uploaded: number; updatedAt: number }, size: number | undefined): void {
    const { handle, file, fileName: uploadName, metadata } = this.chosen;
    const { name: fileName, lastModified, type } = file;
    const facts = { sessionID, fileName, size: size ?? file.size, lastModified, type };
    void this.context.store.put({ ...facts, ...progress, handle, uploadName, metadata });
  }

  /** Thousands of small files complete before there is anything to record. They never access the store. */
  private remove(): void {
    if (this.recorded && this.sessionID !== undefined) void this.context.store.remove(this.sessionID);
    this.savedAt = undefined;
  }
}

/** Whether nothing is left on the server to resume. */
function isOver(state: UploadState): boolean {
  if (state.status === 'failed') return state.error.code === 'UPLOAD_CANCELLED';
  return state.status === 'completed' || state.status === 'cancelled';
}
