import type { FileRecord } from '../contracts/records.js';
import type { FilePage } from '../contracts/upload-store.js';

/** A page of a list is at most this large, in bytes of JSON; it goes on behind its cursor. */
export const MAX_PAGE_BYTES = 1024 * 1024;

/** An entry with all that the protocol allows, each character of it escaped: 16 Ki characters of metadata, and names. */
const LARGEST_ENTRY_BYTES = 112 * 1024;

type ListFiles = (limit: number, cursor: string | undefined) => Promise<FilePage>;

/** Reads a page step by step, so that the store never loads more than the page may have, however many are asked for. */
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
