import type { Checkpoint, FileRecord, SessionRecord } from './records.js';

/** The token of the `UploadStore`. */
export const UPLOAD_STORE = Symbol('UPLOAD_STORE');

export interface FilePage {
  readonly files: readonly FileRecord[];
  /** Where the next page begins; undefined on the last one. */
  readonly nextCursor: string | undefined;
}

/**
 * Why a change of a session was refused to a gateway: `fenced` if another gateway holds or has completed the session,
 * `missing` if the session does not exist any more.
 */
export type LostSession = 'fenced' | 'missing';

/**
 * What must outlive the process: sessions, and the catalogue of files.
 *
 * Every method is atomic, and its change is durable when it resolves. The caller validates what it saves. It also calls
 * the methods for one session one after the other within a process; between processes, the epoch decides.
 *
 * A refusal is a value, and means that nothing was changed. A rejection means that the outcome is unknown: the change
 * may have been made, or may still be. After a rejection the caller undoes nothing, and above all discards no bytes: it
 * asks again (`findFile`, `find`), or leaves the bytes to the sweep. The exception is STORAGE_FULL: then nothing was
 * changed. Only a store with a single gateway may reject `remove` with STORAGE_FULL, because the bytes are then removed
 * before the record. Where the store can't be used, methods reject with STORAGE_FAILED.
 */
export interface UploadStore {
  create(session: SessionRecord): Promise<'created' | 'exists'>;
  find(sessionID: string): Promise<SessionRecord | undefined>;
  /** Raises the epoch of a session and returns the session. Rejects with SESSION_NOT_FOUND where there is none. */
  takeOver(sessionID: string, updatedAt: number): Promise<SessionRecord>;
  /** Refused where `epoch` is not that of the session, and where the session is completed: both are `fenced`. */
  saveCheckpoint(
    sessionID: string,
    epoch: number,
    checkpoint: Checkpoint,
    updatedAt: number,
  ): Promise<'saved' | LostSession>;
  /**
   * Adds the file to the catalogue and marks its session as completed: both or neither. `exists` where the file ID or
   * the session ID is in the catalogue already.
   */
  complete(epoch: number, file: FileRecord): Promise<'completed' | 'exists' | LostSession>;
  /**
   * Removes a session if it is there and, where an epoch is given, if that is its epoch. Returns whether it did. Nobody
   * can complete the session afterwards. A file in the catalogue stays.
   */
  remove(sessionID: string, epoch?: number): Promise<boolean>;
  /** Up to `limit` sessions that were last updated before `before` (milliseconds since 1970), the oldest first. */
  findIdle(before: number, limit: number): Promise<readonly SessionRecord[]>;

  /**
   * Whether an unfinished session or a file of the catalogue has this file ID, and so owns the bytes that are stored
   * under it.
   */
  isKnown(fileId: string): Promise<boolean>;

  /** Adds a file that had no session. `exists` where the file ID or the session ID is in the catalogue already. */
  addFile(file: FileRecord): Promise<'added' | 'exists'>;
  findFile(fileId: string): Promise<FileRecord | undefined>;
  findFileOfSession(sessionID: string): Promise<FileRecord | undefined>;
  /** The files of an owner, the newest first. A cursor that makes no sense gives the first page. */
  listFiles(owner: string, limit: number, cursor?: string): Promise<FilePage>;
  /** Removes a file, and its session if that is still there. Returns whether the file was there. */
  removeFile(fileId: string): Promise<boolean>;
  /** Whether there is at least one file in the catalogue. */
  hasFiles(): Promise<boolean>;

  /** The random ID of the storage back end that this catalogue belongs to; undefined where none was saved yet. */
  identity(): Promise<string | undefined>;
  /**
   * Saves the ID, unless there is one already and `replace` is not set. Returns the ID that is saved now: of several
   * that are set at once, the first wins.
   */
  setIdentity(id: string, replace?: boolean): Promise<string>;

  /**
   * Rejects where the store can't be used: where it can't be read or written, or is no longer the one that was opened.
   */
  check(): Promise<void>;
  close(): Promise<void>;
}
