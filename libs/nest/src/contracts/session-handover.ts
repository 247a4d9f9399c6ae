/** The token of the `SessionHandover`. */
export const UPLOAD_SESSION_HANDOVER = Symbol('UPLOAD_SESSION_HANDOVER');

/**
 * Yields a session that is live on this node to another node. Resolves when all that was received is written, its
 * checkpoint is saved, and its client is told; at once where the session is not live here.
 */
export type YieldSession = (sessionID: string) => Promise<void>;

/**
 * Brings a session from the node that holds it to the node that its client reached. It is a courtesy, which saves sending
 * bytes twice: a node that does not answer is fenced by the epoch in the upload store, whatever it does later.
 */
export interface SessionHandover {
  /** From now on, other nodes may ask for sessions of this one. Called once, before the first upload. */
  listen(yieldSession: YieldSession): Promise<void>;
  /**
   * Asks the node that holds a session to yield it, and resolves when it did. A node that does not answer is waited for a
   * second at most; one that says that it is about to yield, as long as it needs. Returns whether another node was asked,
   * so that the session may have changed. Rejects with STORAGE_FAILED where nobody can be asked.
   */
  request(sessionID: string): Promise<boolean>;
  close(): Promise<void>;
}
