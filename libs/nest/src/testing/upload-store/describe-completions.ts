import type { UploadError } from '@upload-streams/protocol';
import { fileOf, sessionOf } from '../session-records.js';
import { type CreateUploadStore, useUploadStore } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** A file enters the catalogue, with the end of its session or without one. */
export function describeCompletions(create: CreateUploadStore, framework: TestFramework): void {
  const { describe, expect, it } = framework;
  describe('completions', () => {
    const { store, complete } = useUploadStore(create, framework);

    it('put the file into the catalogue at the same time', async () => {
      await complete(sessionOf(1));
      expect(await store().find(sessionOf(1).sessionID)).toMatchObject({ completed: true });
      expect(await store().findFile('file1')).toEqual(fileOf(sessionOf(1)));
      expect(await store().findFileOfSession(sessionOf(1).sessionID)).toEqual(fileOf(sessionOf(1)));
    });

    it('happen once', async () => {
      await complete(sessionOf(1));
      expect(await store().complete(1, fileOf(sessionOf(1)))).toBe('fenced');
      expect(await store().saveCheckpoint(sessionOf(1).sessionID, 1, { offset: 4, crc32: 44 }, 2_000)).toBe('fenced');
    });

    it('are refused where the session ID is in the catalogue, and change nothing then', async () => {
      await store().create(sessionOf(1));
      await store().addFile({ ...fileOf(sessionOf(1)), fileId: 'whole' });
      expect(await store().complete(1, fileOf(sessionOf(1)))).toBe('exists');
      expect(await store().find(sessionOf(1).sessionID)).toEqual(sessionOf(1));
      expect(await store().findFileOfSession(sessionOf(1).sessionID)).toMatchObject({ fileId: 'whole' });
    });

    it('are not needed for a file that had no session, which is added once', async () => {
      const file = fileOf(sessionOf(1));
      expect(await store().addFile(file)).toBe('added');
      expect(await store().findFileOfSession(file.sessionID)).toEqual(file);
      expect(await store().find(file.sessionID)).toBeUndefined();
      expect(await store().addFile({ ...file, fileId: 'another' })).toBe('exists');
      expect(await store().addFile({ ...file, sessionID: sessionOf(2).sessionID })).toBe('exists');
      expect(await store().findFileOfSession(file.sessionID)).toEqual(file);
    });

    it('may lack a SHA-256', async () => {
      const file = { ...fileOf(sessionOf(1)), sha256: undefined };
      await store().addFile(file);
      expect(await store().findFile(file.fileId)).toEqual(file);
    });

    it('and other changes may come at once, and one that fails leaves the others alone', async () => {
      await store().create(sessionOf(1));
      const changes = [
        store().create(sessionOf(2)),
        store().create(sessionOf(1)),
        store().addFile(fileOf(sessionOf(3))),
        store().takeOver(sessionOf(9).sessionID, 5),
        store().complete(1, fileOf(sessionOf(1))),
      ];
      const outcomes = await Promise.all(changes.map((change) => change.catch(({ code }: UploadError) => code)));
      expect(outcomes).toEqual(['created', 'exists', 'added', 'SESSION_NOT_FOUND', 'completed']);
      expect(await store().find(sessionOf(2).sessionID)).toBeDefined();
      expect((await store().listFiles('alice', 9)).files.map(({ fileId }) => fileId)).toEqual(['file1', 'file3']);
    });
  });
}
