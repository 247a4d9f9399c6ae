import { fileOf, sessionOf } from '../session-records.js';
import { type CreateUploadStore, useUploadStore } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** Sessions are created, found and removed. */
export function describeSessions(create: CreateUploadStore, framework: TestFramework): void {
  const { describe, expect, it } = framework;
  describe('sessions', () => {
    const { store, reopen, complete } = useUploadStore(create, framework);

    it('are returned as they were saved', async () => {
      const records = [sessionOf(1), sessionOf(2, { size: undefined, owner: null, resumable: false, metadata: {} })];
      for (const record of records) {
        await store().create(record);
        expect(await store().find(record.sessionID)).toEqual(record);
      }
    });

    it('are unknown before they are created', async () => {
      expect(await store().find(sessionOf(1).sessionID)).toBeUndefined();
    });

    it('are created once', async () => {
      expect(await store().create(sessionOf(1))).toBe('created');
      expect(await store().create({ ...sessionOf(1), fileId: 'another' })).toBe('exists');
      expect(await store().find(sessionOf(1).sessionID)).toEqual(sessionOf(1));
    });

    it('that nobody continues are found, the oldest first', async () => {
      for (const number of [3, 1, 2, 9]) await store().create(sessionOf(number));
      const idle = await store().findIdle(1_004, 2);
      expect(idle.map(({ updatedAt }) => updatedAt)).toEqual([1_001, 1_002]);
    });

    it('are removed once, and not by a node that lost them', async () => {
      const { sessionID } = sessionOf(1);
      await store().create(sessionOf(1));
      await store().takeOver(sessionID, 2_000);
      expect(await store().remove(sessionID, 1)).toBe(false);
      expect(await store().find(sessionID)).toBeDefined();
      expect(await store().remove(sessionID, 2)).toBe(true);
      expect(await store().remove(sessionID, 2)).toBe(false);
      expect(await store().remove(sessionID)).toBe(false);
    });

    it('leave their file in the catalogue when they are removed', async () => {
      await complete(sessionOf(1));
      await store().remove(sessionOf(1).sessionID);
      expect(await store().find(sessionOf(1).sessionID)).toBeUndefined();
      expect(await store().findFile('file1')).toBeDefined();
    });

    it('and files own the bytes of their file ID', async () => {
      await complete(sessionOf(1));
      await store().remove(sessionOf(1).sessionID);
      await store().create(sessionOf(2));
      expect(await Promise.all(['file1', 'file2', 'file3'].map((id) => store().isKnown(id)))).toEqual([
        true,
        true,
        false,
      ]);
    });

    it('and files are still there after a restart', async () => {
      await complete(sessionOf(1));
      await store().create(sessionOf(2));
      const again = await reopen();
      expect(await again.find(sessionOf(2).sessionID)).toEqual(sessionOf(2));
      expect(await again.findFile('file1')).toEqual(fileOf(sessionOf(1)));
    });

    it('can be saved, as the check says', async () => {
      await expect(store().check()).resolves.toBeUndefined();
    });
  });
}
