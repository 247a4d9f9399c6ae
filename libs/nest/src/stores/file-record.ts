import type { FileRecord } from '../contracts/records.js';

/** A record that may contain the name under which the disk stores the file. The disk computes that name itself. */
type EarlierRecord = FileRecord & { readonly storedName?: unknown };

/** Drops the stored name, so that all records have the same form. */
export function currentRecord({ storedName: _, ...record }: EarlierRecord): FileRecord {
  return record;
}
