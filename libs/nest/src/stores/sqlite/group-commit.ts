import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';

interface Piece {
  /** Runs the piece, and gives what tells its caller of it once all is durable. */
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Changes that come while others are made durable share the next transaction, and so the one fsync that makes them
 * durable. Each piece is atomic for itself: one that throws takes nothing of the others with it.
 */
export class GroupCommit {
  private waiting: Piece[] = [];
  private committing: Promise<void> | undefined;

  /** `sync` makes durable what is committed; it need not hold up this thread. */
  constructor(
    private readonly database: DatabaseSync,
    private readonly sync: () => Promise<void>,
  ) {}

  /** Resolves when what `work` changed is durable; rejects with what it threw, or with why nothing could be. */
  run<T>(work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        const result = work();
        return () => resolve(result);
      };
      this.waiting.push({ run, fail: reject });
      this.committing ??= this.commitAll();
    });
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    await this.committing;
  }

  private async commitAll(): Promise<void> {
    // What comes within this turn of the event loop belongs together.
    await setImmediate();
    while (this.waiting.length > 0) await this.commitGroup(this.waiting.splice(0));
    // In one go with the look at what waits: nothing can come between and be forgotten.
    this.committing = undefined;
  }

  private async commitGroup(group: readonly Piece[]): Promise<void> {
    try {
      const told = this.transaction(group);
      await this.sync();
      for (const tell of told) tell();
    } catch (error) {
      for (const { fail } of group) fail(error);
    }
  }

  private transaction(group: readonly Piece[]): (() => void)[] {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const told = group.map((piece) => this.savepoint(piece));
      this.database.exec('COMMIT');
      return told;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  private savepoint({ run, fail }: Piece): () => void {
    this.database.exec('SAVEPOINT piece');
    try {
      const tell = run();
      this.database.exec('RELEASE piece');
      return tell;
    } catch (error) {
      // A full disk ends the whole transaction by itself, and so fails all pieces.
      if (!this.database.isTransaction) throw error;
      this.database.exec('ROLLBACK TO piece; RELEASE piece');
      return () => fail(error);
    }
  }
}
