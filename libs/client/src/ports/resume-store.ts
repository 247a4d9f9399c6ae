/** What is stored about an unfinished upload, so that it can go on after a reload or a crash of the browser. */
export interface ResumeRecord {
  /** Whoever knows it may continue the session, so only this origin may be able to read it. */
  readonly sessionID: string;
  readonly fileName: string;
  readonly size: number;
  /** Milliseconds since 1970, as `File.lastModified`. */
  readonly lastModified: number;
  /** MIME type; empty if it is not known. */
  readonly type: string;
  /** Bytes that the server had when the record was last written. It may have more by now. */
  readonly uploaded: number;
  /** Name under which the file is uploaded, if it is not its own. */
  readonly uploadName?: string | undefined;
  /** The texts that the server keeps with the upload. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** When the record was last written, in milliseconds since 1970. */
  readonly updatedAt: number;
  /** In browsers that have handles: the handle of the file. It can be read again when the person allows it. */
  readonly handle?: FileSystemFileHandle | undefined;
}

/** What changes while an upload goes on. */
export type ResumeProgress = Pick<ResumeRecord, 'uploaded' | 'updatedAt'>;

/** A record that was not written for this long is removed, because its session has expired on the server. */
export const RESUME_RECORD_MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Stores the records of unfinished uploads. Whoever runs an upload calls `put` when the server has some of the file, `update`
 * as it gets more, at most about once a second, and `remove` when there is nothing left to resume: the upload is completed or
 * cancelled, or goes on under another session ID. A page calls `list` to offer unfinished uploads.
 *
 * All pages of an origin share a store and write at any time. Calls take effect in order. When `put` has resolved, the record
 * survives the end of the process, if the platform has durable storage. No method rejects, so that no upload fails because
 * of its store. An upload whose record can't be stored can still be resumed as long as its page is open.
 */
export interface ResumeStore {
  /** Writes a record. It replaces one of the same session. */
  put(record: ResumeRecord): Promise<void>;
  /** Writes progress into a record. A record that another page has removed stays removed. */
  update(sessionID: string, progress: ResumeProgress): Promise<void>;
  /** Returns the records, the latest first. Removes those that are older than `RESUME_RECORD_MAX_AGE_MS`. */
  list(): Promise<readonly ResumeRecord[]>;
  /** Does nothing if there is no such record. */
  remove(sessionID: string): Promise<void>;
}
