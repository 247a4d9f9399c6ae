import { MAX_AHEAD_BYTES, UploadError } from '@upload-streams/protocol';
import type { UploadConnection } from './upload-connection.js';

interface PendingBegin {
  readonly connection: UploadConnection;
  readonly begun: Promise<unknown>;
  /** Bytes of the chunks that wait for this begin. */
  waitingBytes: number;
}

/** The begins that are not answered yet, and the chunks that clients have sent without waiting for the answers. */
export class PendingBegins {
  private readonly begins = new Map<string, PendingBegin>();

  run<T>(connection: UploadConnection, sessionID: string, begin: () => Promise<T>): Promise<T> {
    const begun = begin();
    const pending = { connection, begun, waitingBytes: 0 };
    this.begins.set(sessionID, pending);
    return begun.finally(() => {
      if (this.begins.get(sessionID) === pending) this.begins.delete(sessionID);
    });
  }

  /**
   * Handles a chunk at once or, if a begin of the same connection is pending for the session, after it. Chunks keep
   * their order. If the begin fails, rejects with its error, which tells the client more than "no such session". Throws
   * WINDOW_EXCEEDED if more than `MAX_AHEAD_BYTES` would wait.
   */
  async runAfter<T>(
    connection: UploadConnection,
    sessionID: string,
    bytes: number,
    take: () => Promise<T>,
  ): Promise<T> {
    const pending = this.begins.get(sessionID);
    if (pending?.connection !== connection) return take();
    if (pending.waitingBytes + bytes > MAX_AHEAD_BYTES) throw new UploadError('WINDOW_EXCEEDED');
    pending.waitingBytes += bytes;
    // Callbacks of one promise run in the order in which they were added.
    return pending.begun.then(take);
  }
}
