import { MAX_AHEAD_BYTES, UploadError } from '@upload-streams/protocol';
import { setImmediate } from 'node:timers/promises';
import { KeyedQueues } from '../concurrency/serial-queue.js';
import type { UploadConnection } from './upload-connection.js';

interface BeginInHand {
  readonly peer: UploadConnection;
  readonly begun: Promise<unknown>;
}

/** The begins that are not answered yet, and the chunks that were sent behind them without waiting for the answer. */
export class BeginsInHand {
  private readonly begins = new Map<string, BeginInHand>();
  private readonly waiting = new KeyedQueues();
  private readonly waitingBytes = new Map<string, number>();

  async run<T>(peer: UploadConnection, sessionID: string, work: () => Promise<T>): Promise<T> {
    const begun = work();
    const begin = { peer, begun };
    this.begins.set(sessionID, begin);
    try {
      return await begun;
    } finally {
      if (this.begins.get(sessionID) === begin) this.begins.delete(sessionID);
    }
  }

  /**
   * Resolves at once for a chunk of a session that its connection holds. For others, once the begin that they came behind
   * is done; rejects as that does: a chunk must not say less than its begin of why the upload can't be. Chunks of a
   * session keep their order. Throws WINDOW_EXCEEDED for more bytes than may wait.
   */
  async settled(peer: UploadConnection, sessionID: string, bytes: number, isHeld: boolean): Promise<void> {
    const begin = this.begins.get(sessionID);
    if (isHeld && !begin && !this.waiting.has(sessionID)) return;
    // What comes for a session that is held came after the answer, and its window counts; it only keeps its place.
    if (!isHeld && this.countOf(sessionID) + bytes > MAX_AHEAD_BYTES) throw new UploadError('WINDOW_EXCEEDED');
    this.count(sessionID, bytes);
    try {
      await this.waiting.run(sessionID, () => this.begun(peer, sessionID, begin));
    } finally {
      this.count(sessionID, -bytes);
    }
  }

  private async begun(peer: UploadConnection, sessionID: string, seen: BeginInHand | undefined): Promise<void> {
    // Events take different ways through Nest: within a turn of the event loop, a begin that came before is seen here.
    await setImmediate();
    const begin = this.begins.get(sessionID) ?? seen;
    if (begin?.peer === peer) await begin.begun;
  }

  private countOf(sessionID: string): number {
    return this.waitingBytes.get(sessionID) ?? 0;
  }

  private count(sessionID: string, bytes: number): void {
    const waitingBytes = this.countOf(sessionID) + bytes;
    if (waitingBytes > 0) this.waitingBytes.set(sessionID, waitingBytes);
    else this.waitingBytes.delete(sessionID);
  }
}
