import type { Checkpoint, FileRecord, SessionRecord } from './records.js';

/** The token of the `UploadStore`. */
export const UPLOAD_STORE = Symbol('UPLOAD_STORE');

export interface FilePage {
  readonly files: readonly FileRecord[];
  /** Where the next page starts; undefined on the last one. */
  readonly nextCursor: string | undefined;
}

/** Why a change was refused to a node: `fenced` where another one holds the session by now or completed it, `missing` where the session is gone. */
export type LostSession = 'fenced' | 'missing';

/**
 * What must outlive the process: sessions and the catalogue of files. Every method is atomic. What a method changed is
 * durable when it resolves. The caller serialises the calls for one session within one process; across processes the
 * epoch decides.
 *
 * A refusal is a value, and means that nothing was changed. A rejection means that the outcome is unknown: the change may
 * be there, or may come later. After a rejection a caller undoes nothing, above all it deletes no bytes; it asks again
 * (`findFile`, `find`), or leaves what it has to the sweep. But for STORAGE_FULL: then nothing was changed either.
 */
export interface UploadStore {
  create(session: SessionRecord): Promise<'created' | 'exists'>;
  find(sessionID: string): Promise<SessionRecord | undefined>;
  /** Raises the epoch of a session and gives it as it is now. Rejects with SESSION_NOT_FOUND where there is none. */
  takeOver(sessionID: string, updatedAt: number): Promise<SessionRecord>;
  /** Notes a point to go on from. A session that is complete counts as `fenced`. */
  saveCheckpoint(
    sessionID: string,
    epoch: number,
    checkpoint: Checkpoint,
    updatedAt: number,
  ): Promise<'saved' | LostSession>;
  /**
   * The file enters the catalogue and its session counts as completed, both or neither. `exists` where its session ID or
   * file ID is in the catalogue already.
   */
  complete(epoch: number, file: FileRecord): Promise<'completed' | 'exists' | LostSession>;
  /** A file that had no session enters the catalogue, if neither its session ID nor its file ID is in it already. */
  addFile(file: FileRecord): Promise<'added' | 'exists'>;
  /**
   * Removes a session, if there is one and, where an epoch is given, if that is still its; returns whether it did. A file
   * in the catalogue stays. Nobody can complete the session afterwards.
   */
  remove(sessionID: string, epoch?: number): Promise<boolean>;
  /** Up to `limit` sessions that were not updated since `before` (milliseconds since 1970), the oldest first. */
  findIdle(before: number, limit: number): Promise<readonly SessionRecord[]>;

  /** Whether a session or a file of the catalogue has these bytes. */
  isKnown(fileId: string): Promise<boolean>;

  findFile(fileId: string): Promise<FileRecord | undefined>;
  findFileOfSession(sessionID: string): Promise<FileRecord | undefined>;
  /** The files of an owner, the newest first. An unknown cursor gives the first page. */
  listFiles(owner: string, limit: number, cursor?: string): Promise<FilePage>;
  /** Gives whether the file was there. Its session, if there still is one, goes too. */
  removeFile(fileId: string): Promise<boolean>;

  /** The random ID of the store of bytes that this catalogue belongs to; undefined where it has none yet. */
  identity(): Promise<string | undefined>;
  /**
   * Keeps the ID, unless there is one and `replace` is not set; gives the one that is kept now. Of several that set one at
   * once, the first wins.
   */
  setIdentity(id: string, replace?: boolean): Promise<string>;
  /** Whether there is at least one file in the catalogue. */
  hasFiles(): Promise<boolean>;

  /** Rejects where the store can't be used: where it can't be read or written, or was replaced by another one. */
  check(): Promise<void>;
  close(): Promise<void>;
}
