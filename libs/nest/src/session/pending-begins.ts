import { MAX_AHEAD_BYTES, UploadError } from '@upload-streams/protocol';
import type { UploadConnection } from './upload-connection.js';

interface PendingBegin {
  readonly connection: UploadConnection;
  readonly begun: Promise<unknown>;
  /** Bytes of the chunks that wait for it. */
  waitingBytes: number;
}

/** The begins that are not answered yet, and the chunks that were sent behind them without waiting for the answer. */
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
   * Takes a chunk at once, or, where the same connection's begin of the session is pending, after it: chunks keep the order
   * in which they came. Where the begin fails, rejects for the same reason, which tells the client more than the lack of a
   * session. Throws WINDOW_EXCEEDED for more bytes than may wait (`MAX_AHEAD_BYTES`).
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
