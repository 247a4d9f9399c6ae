import { fileOf, sessionOf } from '../session-records.js';
import { type CreateUploadStore, useUploadStore } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** Files are listed and removed, and the catalogue knows which store it belongs to. */
export function describeCatalogue(create: CreateUploadStore, framework: TestFramework): void {
  const { describe, expect, it } = framework;
  describe('the catalogue', () => {
    const { store, reopen, complete } = useUploadStore(create, framework);

    it('lists the files of an owner, and no others, by pages, the newest first', async () => {
      for (const number of [1, 2, 3]) await complete(sessionOf(number));
      await complete(sessionOf(4, { owner: 'bob' }));
      await complete(sessionOf(5, { owner: null }));
      const first = await store().listFiles('alice', 2);
      expect(first.files.map(({ fileId }) => fileId)).toEqual(['file3', 'file2']);
      const second = await store().listFiles('alice', 2, first.nextCursor);
      expect(second.files.map(({ fileId }) => fileId)).toEqual(['file1']);
      expect(second.nextCursor).toBeUndefined();
    });

    it('begins at the first page where a cursor makes no sense', async () => {
      await complete(sessionOf(1));
      expect((await store().listFiles('alice', 2, "'; DROP TABLE files")).files).toHaveLength(1);
    });

    it('removes a file and its session, once', async () => {
      await complete(sessionOf(1));
      expect(await store().removeFile('file1')).toBe(true);
      expect(await store().removeFile('file1')).toBe(false);
      expect(await store().findFile('file1')).toBeUndefined();
      expect(await store().find(sessionOf(1).sessionID)).toBeUndefined();
    });

    it('keeps the first of several IDs, until it is told to replace it', async () => {
      expect(await store().identity()).toBeUndefined();
      const set = await Promise.all(['a', 'b', 'c'].map((id) => store().setIdentity(id)));
      expect(new Set(set).size).toBe(1);
      const again = await reopen();
      expect(await again.identity()).toBe(set[0]);
      expect(await again.setIdentity('d', true)).toBe('d');
    });

    it('knows whether it has files', async () => {
      await store().create(sessionOf(1));
      expect(await store().hasFiles()).toBe(false);
      await store().addFile(fileOf(sessionOf(2)));
      expect(await store().hasFiles()).toBe(true);
    });
  });
}
