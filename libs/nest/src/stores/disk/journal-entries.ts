import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { FileRecord } from '../../contracts/records.js';

/** A line of the journal: the record of a file, or the ID of a file whose record was removed. */
export type Entry = FileRecord | { readonly removed: string };

export const lineOf = (entry: Entry): string => `${JSON.stringify(entry)}\n`;

/** The entries before an offset. Line by line: the journal of a million files does not fit into one string. */
export async function* entriesOf(path: string, end: number): AsyncIterable<{ line: string; entry: Entry }> {
  if (end === 0) return;
  for await (const line of createInterface(createReadStream(path, { end: end - 1 }))) {
    const entry = entryOf(line);
    if (entry) yield { line, entry };
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
