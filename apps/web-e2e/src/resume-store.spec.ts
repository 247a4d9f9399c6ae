import { readFile } from 'node:fs/promises';
import ts from 'typescript';
import type { IndexedDbResumeStore, ResumeRecord } from '@upload-streams/client';
import { expect, test as base, type Page } from '@playwright/test';

const SOURCES = new URL('../../../libs/client/src/', import.meta.url);

const transpiled = (source: string): string =>
  ts.transpileModule(source, {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
  }).outputText;

/** Any secure origin will do: only a secure context has handles. */
const ORIGIN = 'http://localhost:1';

declare const store: IndexedDbResumeStore;

/** A record without its handle, which can't be passed to a page. */
type PlainRecord = Omit<ResumeRecord, 'handle'>;

const record = (sessionID: string, changes: Partial<PlainRecord> = {}): PlainRecord => ({
  sessionID,
  fileName: 'photo.jpg',
  size: 1000,
  lastModified: 1,
  type: 'image/jpeg',
  uploaded: 100,
  updatedAt: Date.now(),
  ...changes,
});

/** An empty page with the adapter from the sources. */
async function openPage(page: Page): Promise<void> {
  await page.route(`${ORIGIN}/**`, async (route) => {
    const path = new URL(route.request().url()).pathname.slice(1);
    if (path === '') return route.fulfill({ contentType: 'text/html', body: '<title>store</title>' });
    const source = await readFile(new URL(path.replace(/\.js$/, '.ts'), SOURCES), 'utf8');
    return route.fulfill({ contentType: 'text/javascript', body: transpiled(source) });
  });
  await page.goto(`${ORIGIN}/`);
  await page.evaluate(async (module) => {
    const { IndexedDbResumeStore: Store } = await import(module);
    Object.assign(window, { store: new Store() });
  }, `${ORIGIN}/adapters/stores/indexed-db-resume-store.js`);
}

const test = base.extend<{ list: () => Promise<readonly PlainRecord[]> }>({
  list: async ({ page }, use) => {
    await openPage(page);
    await use(() => page.evaluate(() => store.list()));
  },
});

test.describe('the store in IndexedDB', () => {
  test('keeps records over a reload, the latest first', async ({ page, list }) => {
    const [older, newer] = [record('older', { updatedAt: Date.now() - 2 }), record('newer')];
    await page.evaluate(async (records) => Promise.all(records.map((each) => store.put(each))), [newer, older]);
    await openPage(page);
    expect(await list()).toEqual([newer, older]);
  });

  test('has calls take effect one after the other', async ({ page, list }) => {
    await page.evaluate(async (first) => {
      void store.put(first);
      void store.update(first.sessionID, { uploaded: 500, updatedAt: first.updatedAt + 1 });
      void store.put({ ...first, sessionID: 'removed' });
      void store.remove('removed');
      await store.update('removed', { uploaded: 500, updatedAt: first.updatedAt });
    }, record('kept'));
    expect(await list()).toMatchObject([{ sessionID: 'kept', uploaded: 500 }]);
  });

  test('drops records that were not written for a week', async ({ page, list }) => {
    const weekAgo = Date.now() - 7 * 24 * 60 * 60 * 1000 - 1;
    await page.evaluate((old) => store.put(old), record('old', { updatedAt: weekAgo }));
    await page.evaluate((young) => store.put(young), record('young', { updatedAt: weekAgo + 60_000 }));
    expect(await list()).toMatchObject([{ sessionID: 'young' }]);
  });

  test('keeps a file handle, which reads the file after a reload', async ({ page, list }) => {
    await page.evaluate(async (each) => {
      const handle = await (await navigator.storage.getDirectory()).getFileHandle('a.txt', { create: true });
      const writable = await handle.createWritable();
      await writable.write('content');
      await writable.close();
      await store.put({ ...each, handle });
    }, record('handled'));
    await openPage(page);
    expect(await list()).toHaveLength(1);
    const read = await page.evaluate(async () => (await (await store.list())[0]!.handle!.getFile()).text());
    expect(read).toBe('content');
  });

  test('keeps the rest of a record whose handle can’t be kept', async ({ page, list }) => {
    await page.evaluate(async (each) => {
      const handle = { getFile: () => undefined } as unknown as FileSystemFileHandle;
      await store.put({ ...each, handle });
    }, record('uncloneable'));
    expect(await list()).toMatchObject([{ sessionID: 'uncloneable', uploaded: 100 }]);
  });

  test('remembers as long as the page lives where the database is refused', async ({ page, list }) => {
    await page.evaluate(async (each) => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('not here', 'SecurityError');
      };
      await store.put(each);
      await store.update(each.sessionID, { uploaded: 500, updatedAt: each.updatedAt });
    }, record('refused'));
    expect(await list()).toMatchObject([{ sessionID: 'refused', uploaded: 500 }]);
  });
});
