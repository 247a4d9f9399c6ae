/** What is kept of an upload that has not ended, so that it can go on after the page or the browser did. */
export interface ResumeRecord {
  /** Who knows it may continue the session, so it is kept where only this origin reads it. */
  readonly sessionID: string;
  readonly fileName: string;
  readonly size: number;
  /** Milliseconds since 1970, as `File.lastModified`. */
  readonly lastModified: number;
  /** MIME type; empty where it is not known. */
  readonly type: string;
  /** Bytes that the server had when this was last written; it may have more by now. */
  readonly uploaded: number;
  /** When this was last written, in milliseconds since 1970. */
  readonly updatedAt: number;
  /** In browsers that have it: the file itself, to be read again once the person allows it. */
  readonly handle?: FileSystemFileHandle | undefined;
}

/** What changes while an upload goes on. */
export type ResumeProgress = Pick<ResumeRecord, 'uploaded' | 'updatedAt'>;

/** A record that was not written for this long is dropped: its session has long expired on the server. */
export const RESUME_RECORD_MAX_AGE_MS = 7 * 24 * 60 * 60 * 1000;

/**
 * Remembers unfinished uploads. Whoever runs an upload calls `put` once the server has some of the file, `update` as it
 * has more, at most about once a second, and `remove` when nothing is left to go on with: it is completed or cancelled,
 * or it goes on under another session ID. A page calls `list` to offer what is unfinished.
 *
 * A store is shared by all pages of an origin, which write at any time. A call takes effect after those before it. Once
 * `put` has resolved, the record survives the end of the process, where the platform has a place that does. An upload
 * never fails for its store: no method rejects. What can't be kept is forgotten, and the upload still resumes as long as
 * its page is there.
 */
export interface ResumeStore {
  /** Writes a record, in place of one of the same session. */
  put(record: ResumeRecord): Promise<void>;
  /** Writes progress into a record; one that is gone, removed by another page, stays gone. */
  update(sessionID: string, progress: ResumeProgress): Promise<void>;
  /** The latest first; none that is older than `RESUME_RECORD_MAX_AGE_MS`, which are removed. */
  list(): Promise<readonly ResumeRecord[]>;
  /** Nothing happens where there is none. */
  remove(sessionID: string): Promise<void>;
}
