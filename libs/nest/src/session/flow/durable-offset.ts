import { UploadError } from '@upload-streams/protocol';
import type { PartialFile } from '../../contracts/partial-file.js';
import type { Durability } from '../../upload-options.js';
import type { Checkpoint } from '../../contracts/records.js';
import { isBrokenFile } from '../../storage/storage-errors.js';

/** How far a client may send beyond the durable offset if a crash of the process would lose those bytes: 16 MiB. */
export const MAX_UNDURABLE_BYTES = 16 * 1024 * 1024;

/** Acks wait while more than this is written but not durable. The rest of the limit is for chunks in flight. */
const MAX_WAITING_BYTES = MAX_UNDURABLE_BYTES / 2;

/**
 * Tracks and advances the durable offset of a session. Bytes are durable once they are synced and the checkpoint is
 * saved: after a power failure, only the checkpoint shows how far the sync had come.
 */
export class DurableOffset {
  private saved: Checkpoint;
  /** The offset at which a checkpoint was last due. */
  private dueAt: number;
  private syncing: Promise<void> | undefined;
  /** After a failed fsync, bytes may be lost even if the next fsync succeeds. */
  private fault: UploadError | undefined;

  constructor(
    private readonly file: PartialFile,
    private readonly durability: Durability,
    private readonly save: (checkpoint: Checkpoint) => Promise<void>,
    offset: number,
  ) {
    this.saved = file.durable;
    this.dueAt = offset;
  }

  /** All bytes before this offset are durable. */
  get value(): number {
    return this.saved.offset;
  }

  /** The client must not send beyond this offset, so that little has to be sent again after a crash. */
  get limit(): number {
    const isLost = this.durability !== 'complete' && !this.file.persistence.survivesProcess;
    return isLost ? this.value + MAX_UNDURABLE_BYTES : Infinity;
  }

  /** Called after a write up to `point`. Syncs if a checkpoint is due; with `flush`, syncs everything. */
  async recordWrite(point: Checkpoint, flush: boolean): Promise<void> {
    if (flush || this.durability === 'chunk') return this.sync(point);
    const every = this.file.persistence.syncEveryBytes;
    if (!this.syncing && Math.floor(point.offset / every) > Math.floor(this.dueAt / every)) {
      this.dueAt = point.offset;
      if (this.durability === 'checkpoint') this.syncInBackground(point);
      else await this.save(this.saved);
    }
    await this.keepUp(point);
  }

  /** Slows the client down to the speed of the storage back end, so that little has to be sent again after a crash. */
  private async keepUp(point: Checkpoint): Promise<void> {
    const isFarAhead = () => this.limit < point.offset + MAX_WAITING_BYTES;
    if (isFarAhead()) await this.waitForSync();
    if (isFarAhead()) await this.sync(point);
  }

  /** Saves the last checkpoint again, because a session expires a fixed time after its last checkpoint. */
  refresh(): Promise<void> {
    return this.save(this.saved);
  }

  /** Saves a final checkpoint when the connection has ended, even if no byte is new: the session expires after it. */
  async close(point: Checkpoint): Promise<void> {
    const { saved } = this;
    if (this.durability !== 'complete' || !this.file.persistence.survivesProcess) await this.sync(point);
    if (this.saved === saved) await this.save(saved);
  }

  /** Resolves when no sync is in progress. Throws if written bytes may be lost. */
  async waitForSync(): Promise<void> {
    await this.syncing;
    if (this.fault) throw this.fault;
  }

  private async sync(point: Checkpoint): Promise<void> {
    await this.waitForSync();
    if (this.saved.offset < point.offset) await this.syncUpTo(point);
  }

  private syncInBackground(point: Checkpoint): void {
    this.syncing ??= this.syncUpTo(point)
      // The next write reports a fault of the medium. A checkpoint that could not be saved only leaves the offset behind.
      .catch(() => undefined)
      .finally(() => (this.syncing = undefined));
  }

  private async syncUpTo(point: Checkpoint): Promise<void> {
    try {
      await this.file.sync();
    } catch (error) {
      this.fault = UploadError.from(error);
      throw this.fault;
    }
    await this.save(point);
    this.saved = point;
    this.file.checkpointSaved(point.offset);
  }

  /** Whether bytes that were acknowledged may be lost. */
  get isCorrupt(): boolean {
    return this.fault !== undefined && !isBrokenFile(this.fault);
  }
}
