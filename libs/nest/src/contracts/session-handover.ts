/** The token of the `SessionHandover`. */
export const UPLOAD_SESSION_HANDOVER = Symbol('UPLOAD_SESSION_HANDOVER');

/** Lets go of a session that is live on this node: what was received is written and noted, its client is told. */
export type LetGo = (sessionID: string) => Promise<void>;

/**
 * How a session goes from the node that holds it to the one that its client reached now. A node that does not answer is
 * not waited for: the epoch in the session store fences it, whatever it does later.
 */
export interface SessionHandover {
  /** From now on, other nodes may ask for sessions of this one. */
  listen(letGo: LetGo): Promise<void>;
  /**
   * Asks the node that holds a session to let go of it, and waits until it did: a second at most where it does not
   * answer, as long as it needs where it says that it is about to. Gives whether the session may have changed meanwhile.
   */
  request(sessionID: string): Promise<boolean>;
  close(): Promise<void>;
}
