import { MAX_AHEAD_BYTES, UploadError } from '@upload-streams/protocol';
import type { WindowBudget, WindowGrant } from './window-budget.js';

/** How far the client of one session may send: granted from the budget, and never too far ahead of what is durable. */
export class ReceiveWindow {
  private grant: WindowGrant;
  /** The offset that the client may not pass. It never goes back: what was granted stays granted. */
  private edge: number;

  /** `sharer` is whoever shares one part of the budget; `limit` returns the offset up to which the store keeps up. */
  constructor(
    private readonly budget: WindowBudget,
    sharer: unknown,
    offset: number,
    private readonly limit: () => number,
  ) {
    this.grant = budget.join(sharer);
    this.edge = this.edgeAfter(offset, 0);
  }

  /** What the client may send beyond `offset`, in bytes. */
  beyond(offset: number): number {
    return this.edge - offset;
  }

  /**
   * Throws WINDOW_EXCEEDED for a chunk that ends beyond the window of a session that is at `offset`. What a client may send
   * before it knows its window is accepted, however small the window: it is in memory already.
   */
  check(end: number, offset: number): void {
    if (end > Math.max(this.edge, offset, MAX_AHEAD_BYTES)) throw new UploadError('WINDOW_EXCEEDED');
  }

  /** `written` bytes more were written, up to `offset`. */
  advance(offset: number, written: number): void {
    this.edge = Math.max(this.edge, this.edgeAfter(offset, written));
  }

  /** Another connection goes on at `offset`: what the one before was granted counts no more. */
  restart(sharer: unknown, offset: number): void {
    if (this.grant.owner !== sharer) {
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
