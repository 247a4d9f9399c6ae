/** The token of the `SessionHandover`. */
export const UPLOAD_SESSION_HANDOVER = Symbol('UPLOAD_SESSION_HANDOVER');

/**
 * Gives a session that is live on this gateway up to another gateway. Resolves when all received bytes are written, the
 * checkpoint is saved, and the client is told; at once if the session is not live here.
 */
export type YieldSession = (sessionID: string) => Promise<void>;

/**
 * Brings a session from the gateway that holds it to the gateway that its client has reached. This only saves sending
 * bytes twice: a gateway that does not answer is fenced off by the epoch in the upload store, whatever it does later.
 */
export interface SessionHandover {
  /** From now on, other gateways may ask for sessions of this one. Called once, before the first upload. */
  listen(yieldSession: YieldSession): Promise<void>;
  /**
   * Asks the gateway that holds a session to give it up, and resolves when it has. Waits for at most a second for a
   * gateway that does not answer, and as long as needed for one that says that it is about to. Returns whether another
   * gateway was asked, so that the session may have changed. Rejects with STORAGE_FAILED if no gateway can be asked.
   */
  request(sessionID: string): Promise<boolean>;
  close(): Promise<void>;
}
