import type { SessionHandover } from '../contracts/session-handover.js';

/** The default, for one process: there is no other node. */
export class SingleNode implements SessionHandover {
  async listen(): Promise<void> {}

  async request(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {}
}
