import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';

interface Change {
  /** Makes the change, and returns what tells its caller once it is durable. */
  readonly run: () => () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Changes that come while others are made durable share the next transaction, and so its one fsync. Each change is atomic
 * by itself: one that throws leaves the others alone.
 */
export class GroupCommit {
  private waiting: Change[] = [];
  private committing: Promise<void> | undefined;

  /** `sync` makes durable what is committed, and should not block this thread. */
  constructor(
    private readonly database: DatabaseSync,
    private readonly sync: () => Promise<void>,
  ) {}

  /** Resolves when what `work` changed is durable. Rejects with what it threw, or with what made the transaction fail. */
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
    // The changes of one turn of the event loop share a transaction.
    await setImmediate();
    while (this.waiting.length > 0) await this.commitGroup(this.waiting.splice(0));
    // Synchronously after the last look at what waits, so that no change can come in between and be forgotten.
    this.committing = undefined;
  }

  private async commitGroup(group: readonly Change[]): Promise<void> {
    try {
      const told = this.transaction(group);
      await this.sync();
      for (const tell of told) tell();
    } catch (error) {
      for (const { fail } of group) fail(error);
    }
  }

  private transaction(group: readonly Change[]): (() => void)[] {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const told = group.map((change) => this.savepoint(change));
      this.database.exec('COMMIT');
      return told;
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  private savepoint({ run, fail }: Change): () => void {
    this.database.exec('SAVEPOINT change');
    try {
      const tell = run();
      this.database.exec('RELEASE change');
      return tell;
    } catch (error) {
      // On a full disk, SQLite rolls the whole transaction back by itself: all changes fail.
      if (!this.database.isTransaction) throw error;
      this.database.exec('ROLLBACK TO change; RELEASE change');
      return () => fail(error);
    }
  }
}
