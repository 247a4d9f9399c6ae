import type { FileRecord } from '../contracts/records.js';

/** A record as earlier versions wrote it: with the name under which the disk stores the file, which it computes now. */
type EarlierRecord = FileRecord & { readonly storedName?: unknown };

/** The record as it is used now, whichever version of this program wrote it. */
export function currentRecord({ storedName: _, ...record }: EarlierRecord): FileRecord {
  return record;
}
