import { Logger } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { FileRecord } from '../../contracts/records.js';
import { currentRecord } from '../file-record.js';
import { syncFolder } from './folder-sync.js';

/** A line of the journal: a record, or the ID of one that counts no more. */
type Entry = FileRecord | { readonly removed: string };

/** The journal is compacted when so many records were forgotten. */
const COMPACT_AFTER = 1000;

/**
 * What the catalogue knows of each file, once more, beside the bytes: a file of one JSON document a line, to which is only
 * appended. Entries that come while others are synced share the next sync. So the catalogue can be rebuilt where it is lost.
 */
export class RecordJournal {
  private readonly logger = new Logger(RecordJournal.name);
  private file: Promise<FileHandle> | undefined;
  private waiting: Entry[] = [];
  private next: Promise<void> | undefined;
  private last: Promise<void> = Promise.resolve();
  private compaction: Promise<void> | undefined;
  /** Since the last compaction. */
  private forgotten: number;

  constructor(
    private readonly path: string,
    private readonly compactAfter = COMPACT_AFTER,
  ) {
    // Nobody knows how many there were before: the first one after a start compacts too.
    this.forgotten = compactAfter - 1;
  }

  /** Durable when it resolves. */
  keep(record: FileRecord): Promise<void> {
    return this.append(record);
  }

  /** Durable when it resolves. The record itself stays on disk until the journal is compacted. */
  async forget(fileId: string): Promise<void> {
    await this.append({ removed: fileId });
    if (++this.forgotten < this.compactAfter) return;
    this.compact().catch((error: unknown) =>
      this.logger.warn(`Deleted files are still named in ${this.path}: ${String(error)}`),
    );
  }

  /** Those that count: the last one of each file, in the order in which they came. A line that a crash cut off is left out. */
  async read(): Promise<readonly FileRecord[]> {
    const records = new Map<string, FileRecord>();
    for await (const { entry } of entriesOf(this.path, await sizeOf(this.path))) {
      if ('removed' in entry) records.delete(entry.removed);
      else records.set(entry.fileId, currentRecord(entry));
    }
    return [...records.values()];
  }

  /**
   * Removes from the disk what was forgotten. Entries may be appended meanwhile: they wait only while those that came last
   * are copied. One call at a time does it; others wait for it.
   */
  compact(): Promise<void> {
    this.compaction ??= this.compactOnce().finally(() => (this.compaction = undefined));
    return this.compaction;
  }

  async close(): Promise<void> {
    await this.compaction?.catch(() => undefined);
    await this.last.catch(() => undefined);
    await this.closeFile();
  }

  private append(entry: Entry): Promise<void> {
    this.waiting.push(entry);
    this.next ??= this.inOrder(() => this.write());
    return this.next;
  }

  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.catch(() => undefined).then(work);
    this.last = done.then(() => undefined);
    this.last.catch(() => undefined);
    return done;
  }

  private async compactOnce(): Promise<void> {
    this.forgotten = 0;
    // Whatever is before it is written in whole lines.
    const end = await this.inOrder(() => sizeOf(this.path));
    const removedBy = await lastRemovals(this.path, end);
    if (removedBy.size === 0) return;
    const fresh = `${this.path}.new`;
    const file = await open(fresh, 'w', 0o600);
    try {
      for await (const line of linesThatCount(this.path, end, removedBy)) await file.appendFile(line);
      await this.inOrder(async () => {
        for await (const later of createReadStream(this.path, { start: end })) await file.appendFile(later as Buffer);
        await file.sync();
        await this.closeFile();
        await rename(fresh, this.path);
        await syncFolder(dirname(this.path));
      });
    } finally {
      await file.close();
    }
  }

  private async write(): Promise<void> {
    this.next = undefined;
    const lines = this.waiting.splice(0).map(lineOf).join('');
    const file = await this.opened();
    try {
      await file.appendFile(lines);
      await file.datasync();
    } catch (error) {
      // It may have ended within a line: whoever opens it again begins a new one.
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

  /** A line that a crash cut off must not take the next one with it; an empty line is none. */
  private async open(): Promise<FileHandle> {
    const file = await open(this.path, 'a', 0o600);
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

const lineOf = (entry: Entry): string => `${JSON.stringify(entry)}\n`;

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found?.size ?? 0;
}

/** Line by line: the journal of a million files does not fit into one string. */
async function* entriesOf(path: string, end: number): AsyncIterable<{ line: string; entry: Entry }> {
  if (end === 0) return;
  for await (const line of createInterface(createReadStream(path, { end: end - 1 }))) {
    const entry = entryOf(line);
    if (entry) yield { line, entry };
  }
}

/** By which of the entries, counted from 0, each file was removed last. */
async function lastRemovals(path: string, end: number): Promise<ReadonlyMap<string, number>> {
  const removals = new Map<string, number>();
  let number = 0;
  for await (const { entry } of entriesOf(path, end)) {
    if ('removed' in entry) removals.set(entry.removed, number);
    number++;
  }
  return removals;
}

async function* linesThatCount(
  path: string,
  end: number,
  removals: ReadonlyMap<string, number>,
): AsyncIterable<string> {
  let number = 0;
  for await (const { line, entry } of entriesOf(path, end)) {
    const counts = !('removed' in entry) && number > (removals.get(entry.fileId) ?? -1);
    if (counts) yield `${line}\n`;
    number++;
  }
}

function entryOf(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<FileRecord & { removed: string }>;
    return typeof entry.fileId === 'string' || typeof entry.removed === 'string' ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}
