import { Logger } from '@nestjs/common';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SerialQueue } from '../../concurrency/serial-queue.js';
import type { FileRecord } from '../../contracts/records.js';
import type { RecordKeeper } from '../../contracts/storage-backend.js';
import { currentRecord } from '../file-record.js';
import { syncFolder } from './folder-sync.js';
import { compactedCopy, sizeOf } from './journal-compaction.js';
import { entriesOf, lineOf, type Entry } from './journal-entries.js';

/**
 * With O_DSYNC, a write is durable when it resolves: one job of the thread pool instead of two, and half as many syncs
 * (measured with strace for 1,000 small files). Platforms without it sync after each write.
 */
const { O_APPEND, O_CREAT, O_DSYNC, O_WRONLY } = constants;
const isSyncedByWrite = O_DSYNC !== undefined;

/** The journal is compacted once this many records were removed. */
const COMPACT_AFTER = 1000;

/**
 * The records of all files, in one file of a JSON document a line to which lines are only appended. Entries that come
 * while others are synced share the next sync.
 */
export class RecordJournal implements RecordKeeper {
  private readonly logger = new Logger(RecordJournal.name);
  private file: Promise<FileHandle> | undefined;
  private waiting: Entry[] = [];
  private next: Promise<void> | undefined;
  private readonly writes = new SerialQueue();
  private compaction: Promise<void> | undefined;
  /** Since the last compaction. */
  private removed: number;

  constructor(
    private readonly path: string,
    private readonly compactAfter = COMPACT_AFTER,
  ) {
    // Nobody knows how many there were before, so the first one after a start compacts too.
    this.removed = compactAfter - 1;
  }

  save(record: FileRecord): Promise<void> {
    return this.append(record);
  }

  /** The record itself stays on the disk until the journal is compacted. */
  async remove(fileId: string): Promise<void> {
    await this.append({ removed: fileId });
    if (++this.removed < this.compactAfter) return;
    this.compact().catch((error: unknown) =>
      this.logger.warn(`Deleted files are still named in ${this.path}: ${String(error)}`),
    );
  }

  /** The last record of each file, in the order in which they came. A line that a crash cut off is left out. */
  async list(): Promise<readonly FileRecord[]> {
    const records = new Map<string, FileRecord>();
    for await (const { entry } of entriesOf(this.path, await sizeOf(this.path))) {
      if ('removed' in entry) records.delete(entry.removed);
      else records.set(entry.fileId, currentRecord(entry));
    }
    return [...records.values()];
  }

  /**
   * Removes from the disk what was removed. Entries may be appended meanwhile: they wait only while the latest lines are
   * copied. Calls that come while one is under way share it.
   */
  compact(): Promise<void> {
    this.compaction ??= this.compactOnce().finally(() => (this.compaction = undefined));
    return this.compaction;
  }

  async close(): Promise<void> {
    await this.compaction?.catch(() => undefined);
    await this.writes.settled();
    await this.closeFile();
  }

  private append(entry: Entry): Promise<void> {
    this.waiting.push(entry);
    this.next ??= this.writes.run(() => this.writeWaiting());
    return this.next;
  }

  private async compactOnce(): Promise<void> {
    this.removed = 0;
    // In turn with the writes, so that all before is whole lines.
    const end = await this.writes.run(() => sizeOf(this.path));
    const copy = await compactedCopy(this.path, end);
    if (!copy) return;
    try {
      await this.writes.run(async () => {
        await copy.takeFrom(end);
        await this.closeFile();
        await copy.replaceOriginal();
      });
    } finally {
      await copy.close();
    }
  }

  private async writeWaiting(): Promise<void> {
    this.next = undefined;
    const lines = this.waiting.splice(0).map(lineOf).join('');
    const file = await this.opened();
    try {
      await file.appendFile(lines);
      if (!isSyncedByWrite) await file.datasync();
    } catch (error) {
      // It may end within a line: whoever opens the file again begins a new one.
      await this.closeFile();
      throw error;
    }
  }

  private async opened(): Promise<FileHandle> {
    this.file ??= this.open();
    try {
      return await this.file;
    } catch (error) {
      this.file = undefined;
      throw error;
    }
  }

  /** A line that a crash cut off must not damage the next one, so a new line is begun; an empty line is no entry. */
  private async open(): Promise<FileHandle> {
    const file = await open(this.path, O_WRONLY | O_APPEND | O_CREAT | (O_DSYNC ?? 0), 0o600);
    try {
      await file.appendFile('\n');
      await syncFolder(dirname(this.path));
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private async closeFile(): Promise<void> {
    const file = await this.file?.catch(() => undefined);
    this.file = undefined;
    await file?.close();
  }
}
