import { open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileRecord } from '../session/session-record.js';
import { syncFolder } from './folder-sync.js';

/** A line of the journal: a record, or the ID of one that counts no more. */
type Entry = FileRecord | { readonly removed: string };

/**
 * What the catalogue knows of each file, once more, beside the bytes: a file of one JSON document a line, to which is only
 * appended. Entries that come while others are synced share the next sync. So the catalogue can be rebuilt where it is lost.
 */
export class RecordJournal {
  private file: Promise<FileHandle> | undefined;
  private waiting: Entry[] = [];
  private next: Promise<void> | undefined;
  private last: Promise<void> = Promise.resolve();

  constructor(private readonly path: string) {}

  /** Durable when it resolves. */
  append(entry: Entry): Promise<void> {
    this.waiting.push(entry);
    this.next ??= this.last = this.last.catch(() => undefined).then(() => this.write());
    return this.next;
  }

  /** Those that count: the last one of each file, in the order in which they came. A line that a crash cut off is left out. */
  async read(): Promise<readonly FileRecord[]> {
    const text = await readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const records = new Map<string, FileRecord>();
    for (const entry of text.split('\n').map(entryOf)) {
      if (!entry) continue;
      if ('removed' in entry) records.delete(entry.removed);
      else records.set(entry.fileId, entry);
    }
    return [...records.values()];
  }

  /** Leaves out what does not count any more. Not while others append. */
  async compact(): Promise<void> {
    const lines = (await this.read()).map(lineOf).join('');
    await this.close();
    const file = await open(`${this.path}.new`, 'w', 0o600);
    try {
      await file.writeFile(lines);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.path}.new`, this.path);
    await syncFolder(dirname(this.path));
  }

  async close(): Promise<void> {
    await this.last.catch(() => undefined);
    const file = await this.file?.catch(() => undefined);
    this.file = undefined;
    await file?.close();
  }

  private async write(): Promise<void> {
    this.next = undefined;
    const lines = this.waiting.splice(0).map(lineOf).join('');
    const file = await this.opened();
    await file.appendFile(lines);
    await file.datasync();
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
    await file.appendFile('\n');
    await syncFolder(dirname(this.path));
    return file;
  }
}

const lineOf = (entry: Entry): string => `${JSON.stringify(entry)}\n`;

function entryOf(line: string): Entry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<FileRecord & { removed: string }>;
    return typeof entry.fileId === 'string' || typeof entry.removed === 'string' ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}
