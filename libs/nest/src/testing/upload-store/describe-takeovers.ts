import { fileOf, sessionOf } from '../session-records.js';
import { type CreateUploadStore, useUploadStore } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** The epoch fences a node that has lost a session. */
export function describeTakeovers(create: CreateUploadStore, framework: TestFramework): void {
  const { describe, expect, it } = framework;
  describe('takeovers', () => {
    const { store } = useUploadStore(create, framework);

    it('raise the epoch each time', async () => {
      await store().create(sessionOf(1));
      const { sessionID } = sessionOf(1);
      expect(await store().takeOver(sessionID, 2_000)).toEqual({ ...sessionOf(1), epoch: 2, updatedAt: 2_000 });
      expect(await store().takeOver(sessionID, 3_000)).toMatchObject({ epoch: 3 });
      expect(await store().find(sessionID)).toMatchObject({ epoch: 3, updatedAt: 3_000 });
    });

    it('are refused for a session that does not exist', async () => {
      await expect(store().takeOver(sessionOf(1).sessionID, 2_000)).rejects.toMatchObject({
        code: 'SESSION_NOT_FOUND',
      });
    });

    it('at the same time each get an epoch of their own', async () => {
      const { sessionID } = sessionOf(1);
      await store().create(sessionOf(1));
      const taken = await Promise.all(Array.from({ length: 100 }, () => store().takeOver(sessionID, 2_000)));
      expect(new Set(taken.map(({ epoch }) => epoch)).size).toBe(100);
    });

    it('keep the node that lost the session from saving checkpoints', async () => {
      const { sessionID } = sessionOf(1);
      await store().create(sessionOf(1));
      expect(await store().saveCheckpoint(sessionID, 1, { offset: 4, crc32: 44 }, 2_000)).toBe('saved');
      await store().takeOver(sessionID, 3_000);
      expect(await store().saveCheckpoint(sessionID, 1, { offset: 8, crc32: 88 }, 4_000)).toBe('fenced');
      expect(await store().find(sessionID)).toMatchObject({ checkpoint: { offset: 4, crc32: 44 }, updatedAt: 3_000 });
    });

    it('keep the node that lost the session from completing it', async () => {
      await store().create(sessionOf(1));
      await store().takeOver(sessionOf(1).sessionID, 2_000);
      expect(await store().complete(1, fileOf(sessionOf(1)))).toBe('fenced');
      expect(await store().findFile('file1')).toBeUndefined();
    });

    it('are told apart from a session that is gone', async () => {
      const { sessionID, epoch } = sessionOf(1);
      const point = { offset: 4, crc32: 44 };
      expect(await store().saveCheckpoint(sessionID, epoch, point, 2_000)).toBe('missing');
      expect(await store().complete(epoch, fileOf(sessionOf(1)))).toBe('missing');
      await store().create(sessionOf(1));
      await store().takeOver(sessionID, 2_000);
      expect(await store().saveCheckpoint(sessionID, epoch, point, 2_000)).toBe('fenced');
      expect(await store().complete(epoch, fileOf(sessionOf(1)))).toBe('fenced');
      expect(await store().findFile('file1')).toBeUndefined();
    });

    it('come before or after a completion, and never both win', async () => {
      for (let number = 1; number <= 20; number++) {
        const record = sessionOf(number);
        await store().create(record);
        const [taken, completed] = await Promise.all([
          store().takeOver(record.sessionID, 2_000),
          store().complete(record.epoch, fileOf(record)),
        ]);
        expect(completed).toBe(taken.completed ? 'completed' : 'fenced');
        expect((await store().findFile(record.fileId)) !== undefined).toBe(taken.completed);
      }
    });
  });
}
