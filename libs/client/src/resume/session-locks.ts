const PREFIX = 'upload-streams/';

/**
 * Which sessions are uploaded by some tab. A tab holds a Web Lock for each session that it uploads, and the browser releases
 * the lock when the tab ends, however it ends. Where there are no Web Locks (outside secure contexts), nothing is known of
 * other tabs. That is safe: the latest connection takes the session over, and the server tells the earlier one
 * SESSION_TAKEN_OVER.
 */
export class SessionLocks {
  /** `locks`: `navigator.locks`. */
  constructor(private readonly locks: LockManager | undefined) {}

  /**
   * Marks a session as uploaded by this tab until the returned function is called. The mark moves from a tab that has it, but
   * does not stop the upload of that tab: only the takeover on the server does.
   */
  hold(sessionID: string): () => void {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    // `steal`: as on the server, the latest wins. The request of the earlier tab rejects.
    this.locks?.request(PREFIX + sessionID, { steal: true }, () => released).catch(() => {});
    return release;
  }

  /** The sessions that any tab holds. */
  async held(): Promise<ReadonlySet<string>> {
    const { held = [] } = (await this.locks?.query().catch(() => undefined)) ?? {};
    const names = held.map(({ name }) => name ?? '').filter((name) => name.startsWith(PREFIX));
    return new Set(names.map((name) => name.slice(PREFIX.length)));
  }

  /** Resolves when no tab holds the session any longer. */
  async free(sessionID: string): Promise<void> {
    await this.locks?.request(PREFIX + sessionID, { mode: 'shared' }, () => {}).catch(() => {});
  }
}
