import type { FileRecord } from '../contracts/records.js';
import type { FilePage } from '../contracts/upload-store.js';

/** The largest page of a list, in bytes of JSON. The cursor leads to the rest. */
export const MAX_PAGE_BYTES = 1024 * 1024;

/** The largest entry that the protocol allows: 16 Ki characters of metadata, and names, with each character escaped. */
const LARGEST_ENTRY_BYTES = 112 * 1024;

type ListFiles = (limit: number, cursor: string | undefined) => Promise<FilePage>;

/** Reads a page in steps, so that the store never loads more than fits, no matter how many files are requested. */
export async function readPage(list: ListFiles, limit: number, cursor: string | undefined): Promise<FilePage> {
  const files: FileRecord[] = [];
  let bytes = 0;
  let next = cursor;
  for (;;) {
    const step = Math.floor((MAX_PAGE_BYTES - bytes) / LARGEST_ENTRY_BYTES);
    if (step === 0 || files.length === limit) return { files, nextCursor: next };
    const page = await list(Math.min(step, limit - files.length), next);
    files.push(...page.files);
    bytes += bytesOf(page.files);
    next = page.nextCursor;
    if (next === undefined) return { files, nextCursor: undefined };
  }
}

const bytesOf = (files: readonly FileRecord[]): number =>
  files.reduce((sum, file) => sum + Buffer.byteLength(JSON.stringify(file)), 0);
