import { describe, expect, it } from '@jest/globals';
import type { FileRecord } from '../contracts/records.js';
import { MAX_PAGE_BYTES, readPage } from './file-page.js';

const record = (index: number, text: string) =>
  ({ fileId: `file-${index}`, fileName: 'a', metadata: { text } }) as unknown as FileRecord;

/** A store of so many files, which notes how many it had to load at once. */
function storeOf(files: readonly FileRecord[]) {
  const loads: number[] = [];
  const list = async (limit: number, cursor = '0') => {
    loads.push(limit);
    const end = Number(cursor) + limit;
    return { files: files.slice(Number(cursor), end), nextCursor: end < files.length ? String(end) : undefined };
  };
  return { loads, list };
}

async function allPages(files: readonly FileRecord[], limit: number) {
  const { list } = storeOf(files);
  const pages: FileRecord[][] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(list, limit, cursor);
    pages.push([...page.files]);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

describe('a page of the list', () => {
  it('has as many files as are asked for, where they are small', async () => {
    const files = Array.from({ length: 450 }, (_, index) => record(index, ''));
    expect((await allPages(files, 200)).map((page) => page.length)).toEqual([200, 200, 50]);
  });

  it('is bounded in bytes, and goes on behind its cursor without losing one', async () => {
    const files = Array.from({ length: 300 }, (_, index) => record(index, '\u0001'.repeat(16_384)));
    const pages = await allPages(files, 200);
    for (const page of pages) expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThanOrEqual(MAX_PAGE_BYTES);
    expect(pages.flat()).toEqual(files);
  });

  it('never loads more at once than it may have', async () => {
    const { loads, list } = storeOf(Array.from({ length: 300 }, (_, index) => record(index, 'x'.repeat(16_384))));
    await readPage(list, 200, undefined);
    expect(Math.max(...loads)).toBeLessThan(12);
  });

  it('is empty where there is nothing', async () => {
    expect(await readPage(storeOf([]).list, 50, undefined)).toEqual({ files: [], nextCursor: undefined });
  });
});
