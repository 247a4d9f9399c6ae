import { DOCUMENT, inject, Injectable } from '@angular/core';

const PREFIX = 'upload-streams/';

/**
 * Which sessions are live in some tab. A tab holds a Web Lock for each session that it uploads, and the browser takes it
 * back when the tab ends, however it ends. Where there are no Web Locks (a page that is no secure context) nothing is
 * known of other tabs. That is safe: the server hears the latest connection alone, and tells the earlier one
 * SESSION_TAKEN_OVER.
 */
@Injectable({ providedIn: 'root' })
export class SessionLocks {
  private readonly locks: LockManager | undefined = inject(DOCUMENT).defaultView?.navigator.locks;

  /** Holds a session until the function that it gives is called, also against a tab that has it. */
  hold(sessionID: string): () => void {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    // `steal`: as on the server, the latest wins. Whom it is taken from is told by a rejection.
    this.locks?.request(PREFIX + sessionID, { steal: true }, () => released).catch(() => {});
    return release;
  }

  /** The sessions that are held, by whatever tab. */
  async held(): Promise<ReadonlySet<string>> {
    const { held = [] } = (await this.locks?.query().catch(() => undefined)) ?? {};
    const names = held.map(({ name }) => name ?? '').filter((name) => name.startsWith(PREFIX));
    return new Set(names.map((name) => name.slice(PREFIX.length)));
  }

  /** Resolves when no tab holds the session any more. */
  async free(sessionID: string): Promise<void> {
    await this.locks?.request(PREFIX + sessionID, { mode: 'shared' }, () => {}).catch(() => {});
  }
}
