import { MAX_AHEAD_BYTES, UploadError } from '@upload-streams/protocol';
import type { WindowBudget, WindowGrant } from './window-budget.js';

/**
 * How far the client of one session may send. It is granted from the budget, and never too far ahead of durable bytes.
 */
export class ReceiveWindow {
  private grant: WindowGrant;
  /**
   * The offset that the client must not pass. It never moves back, because a client may use every window it was
   * granted.
   */
  private edge: number;

  /** `sharer`: see `WindowBudget.join`. `limit` returns the offset that the durable offset allows at most. */
  constructor(
    private readonly budget: WindowBudget,
    sharer: unknown,
    offset: number,
    private readonly limit: () => number,
  ) {
    this.grant = budget.join(sharer);
    this.edge = this.edgeAfter(offset, 0);
  }

  /** How many bytes the client may send beyond `offset`. */
  beyond(offset: number): number {
    return this.edge - offset;
  }

  /**
   * Throws WINDOW_EXCEEDED if a chunk ends at `end`, beyond the window. The first MiB of the file is
   * always accepted, because a client may send it before it knows its window.
   */
  check(end: number): void {
    if (end > Math.max(this.edge, MAX_AHEAD_BYTES)) throw new UploadError('WINDOW_EXCEEDED');
  }

  /** Records that `written` more bytes were written, up to `offset`. */
  advance(offset: number, written: number): void {
    this.edge = Math.max(this.edge, this.edgeAfter(offset, written));
  }

  /** Starts a new window at `offset` for another connection. The window of the previous connection is void. */
  restart(sharer: unknown, offset: number): void {
    if (this.grant.sharer !== sharer) {
      this.grant.leave();
      this.grant = this.budget.join(sharer);
    }
    this.edge = this.edgeAfter(offset, 0);
  }

  close(): void {
    this.grant.leave();
  }

  private edgeAfter(offset: number, written: number): number {
    return Math.max(offset, Math.min(offset + this.grant.renew(written), this.limit()));
  }
}
