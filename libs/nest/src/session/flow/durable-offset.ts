import { UploadError } from '@upload-streams/protocol';
import type { PartialFile } from '../../contracts/partial-file.js';
import type { Durability } from '../../upload-options.js';
import type { Checkpoint } from '../../contracts/records.js';
import { isBrokenFile } from '../../storage/storage-errors.js';

/** Notes in the store that all before a point is durable. */
export type CheckpointNote = (checkpoint: Checkpoint) => Promise<void>;

/** What a client may have sent beyond what is durable, where a crash of the process loses it: 16 MiB. */
export const MAX_UNDURABLE_BYTES = 16 * 1024 * 1024;

/** Acks wait for the store while more than this is written and not durable. The rest is for what is under way. */
const MAX_WAITING_BYTES = MAX_UNDURABLE_BYTES / 2;

/**
 * How far the bytes of a session are durable, and what makes them so. Durable is what is synced and noted: after a power
 * cut, only the note tells how far the sync had come.
 */
export class DurableOffset {
  private noted: Checkpoint;
  /** Where the last checkpoint was written or confirmed. */
  private confirmedAt: number;
  private syncing: Promise<void> | undefined;
  /** A failed fsync may have dropped what it was to keep, and the next one need not fail: the bytes are spoilt. */
  private fault: UploadError | undefined;

  constructor(
    private readonly file: PartialFile,
    private readonly durability: Durability,
    private readonly note: CheckpointNote,
    offset: number,
  ) {
    this.noted = file.durable;
    this.confirmedAt = offset;
  }

  /** All before this offset is durable. */
  get value(): number {
    return this.noted.offset;
  }

  /** The client may send up to this offset, whatever the window budget has: what is beyond would be sent twice. */
  get limit(): number {
    const isLost = this.durability !== 'complete' && !this.file.persistence.survivesProcess;
    return isLost ? this.value + MAX_UNDURABLE_BYTES : Infinity;
  }

  /** Something was written up to `point`: makes durable what has to be by now, all of it where the client asks to flush. */
  async written(point: Checkpoint, flush: boolean): Promise<void> {
    if (flush || this.durability === 'chunk') return this.sync(point);
    const every = this.file.persistence.syncEveryBytes;
    if (!this.syncing && Math.floor(point.offset / every) > Math.floor(this.confirmedAt / every)) {
      this.confirmedAt = point.offset;
      if (this.durability === 'checkpoint') this.syncInBackground(point);
      else await this.note(this.noted);
    }
    await this.keepUp(point);
  }

  /** A store that is slower than the client slows it down, so that little is sent again after a crash. */
  private async keepUp(point: Checkpoint): Promise<void> {
    const isFarAhead = () => this.limit < point.offset + MAX_WAITING_BYTES;
    if (isFarAhead()) await this.settled();
    if (isFarAhead()) await this.sync(point);
  }

  /** The note is written anew: its time is what the session expires by. */
  touched(): Promise<void> {
    return this.note(this.noted);
  }

  /** The connection is gone. The note is written in any case: its time is what the session expires by. */
  async released(point: Checkpoint): Promise<void> {
    const { noted } = this;
    if (this.durability !== 'complete' || !this.file.persistence.survivesProcess) await this.sync(point);
    if (this.noted === noted) await this.note(noted);
  }

  /** Resolves when no sync is under way, and throws if what was written may be lost. */
  async settled(): Promise<void> {
    await this.syncing;
    if (this.fault) throw this.fault;
  }

  private async sync(point: Checkpoint): Promise<void> {
    await this.settled();
    if (this.noted.offset < point.offset) await this.syncUpTo(point);
  }

  private syncInBackground(point: Checkpoint): void {
    this.syncing ??= this.syncUpTo(point)
      // Who writes next meets a fault of the medium. A checkpoint that could not be noted only leaves the offset behind.
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
    await this.note(point);
    this.noted = point;
    this.file.checkpointSaved(point.offset);
  }

  /** Whether bytes that count as written may be lost. */
  get spoilt(): boolean {
    return this.fault !== undefined && !isBrokenFile(this.fault);
  }
}
