import { createReadStream } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './folder-sync.js';
import { entriesOf } from './journal-entries.js';

/** A copy of a journal, without the records that were removed; it takes the journal's place once it has all lines. */
class JournalCopy {
  constructor(
    private readonly original: string,
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  async takeLines(lines: AsyncIterable<string>): Promise<void> {
    for await (const line of lines) await this.file.appendFile(line);
  }

  /** Everything from an offset of the original on, which nobody may append to until the copy has replaced it. */
  async takeFrom(start: number): Promise<void> {
    for await (const bytes of createReadStream(this.original, { start })) await this.file.appendFile(bytes as Buffer);
  }

  /** Durable when it resolves. */
  async replaceOriginal(): Promise<void> {
    await this.file.sync();
    await rename(this.path, this.original);
    await syncFolder(dirname(this.original));
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** A copy of the lines before `end` that still count; undefined where all of them do. Its caller closes it. */
export async function compactedCopy(path: string, end: number): Promise<JournalCopy | undefined> {
  const removals = await lastRemovals(path, end);
  if (removals.size === 0) return undefined;
  const copyPath = `${path}.new`;
  const copy = new JournalCopy(path, copyPath, await open(copyPath, 'w', 0o600));
  try {
    await copy.takeLines(linesThatCount(path, end, removals));
    return copy;
  } catch (error) {
    await copy.close();
    throw error;
  }
}

/** Bytes of a file; 0 where it is not there. */
export async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found?.size ?? 0;
}

/** For each file that was removed, the number of the entry that removed it last, counted from 0. */
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
