import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { UploadError } from '@upload-streams/protocol';
import type { SessionRecord } from '../contracts/records.js';
import type { UploadStore } from '../contracts/upload-store.js';
import { fileOf, sessionOf as session } from './session-records.js';

/** A store to be tested. */
export interface UploadStoreFixture {
  readonly store: UploadStore;
  /** The same store, opened anew as after a restart. */
  reopen(): Promise<UploadStore>;
  close(): Promise<void>;
}

/** The duties of every session store. */
export function describeUploadStore(name: string, create: () => Promise<UploadStoreFixture>): void {
  describe(name, () => {
    let fixture: UploadStoreFixture;
    let store: UploadStore;

    beforeEach(async () => {
      fixture = await create();
      store = fixture.store;
    });
    afterEach(() => fixture.close());

    const complete = async (record: SessionRecord) => {
      await store.create(record);
      await store.complete(record.epoch, fileOf(record));
    };

    it('gives back a session as it was', async () => {
      const records = [session(1), session(2, { size: undefined, owner: null, resumable: false, metadata: {} })];
      for (const record of records) {
        await store.create(record);
        expect(await store.find(record.sessionID)).toEqual(record);
      }
    });

    it('knows no session that was not created', async () => {
      expect(await store.find(session(1).sessionID)).toBeUndefined();
    });

    it('refuses to create a session twice', async () => {
      expect(await store.create(session(1))).toBe('created');
      expect(await store.create({ ...session(1), fileId: 'another' })).toBe('exists');
      expect(await store.find(session(1).sessionID)).toEqual(session(1));
    });

    it('raises the epoch at every takeover', async () => {
      await store.create(session(1));
      const { sessionID } = session(1);
      expect(await store.takeOver(sessionID, 2_000)).toEqual({ ...session(1), epoch: 2, updatedAt: 2_000 });
      expect(await store.takeOver(sessionID, 3_000)).toMatchObject({ epoch: 3 });
      expect(await store.find(sessionID)).toMatchObject({ epoch: 3, updatedAt: 3_000 });
    });

    it('refuses to take over a session that does not exist', async () => {
      await expect(store.takeOver(session(1).sessionID, 2_000)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    });

    it('notes a checkpoint of who holds the session, and none of who lost it', async () => {
      const { sessionID } = session(1);
      await store.create(session(1));
      expect(await store.saveCheckpoint(sessionID, 1, { offset: 4, crc32: 44 }, 2_000)).toBe('saved');
      await store.takeOver(sessionID, 3_000);
      expect(await store.saveCheckpoint(sessionID, 1, { offset: 8, crc32: 88 }, 4_000)).toBe('fenced');
      expect(await store.find(sessionID)).toMatchObject({ checkpoint: { offset: 4, crc32: 44 }, updatedAt: 3_000 });
    });

    it('puts a file into the catalogue and completes its session, at once', async () => {
      await complete(session(1));
      expect(await store.find(session(1).sessionID)).toMatchObject({ completed: true });
      expect(await store.findFile('file1')).toEqual(fileOf(session(1)));
      expect(await store.findFileOfSession(session(1).sessionID)).toEqual(fileOf(session(1)));
    });

    it('lets nobody complete a session who lost it', async () => {
      await store.create(session(1));
      await store.takeOver(session(1).sessionID, 2_000);
      expect(await store.complete(1, fileOf(session(1)))).toBe('fenced');
      expect(await store.findFile('file1')).toBeUndefined();
    });

    it('completes a session once', async () => {
      await complete(session(1));
      expect(await store.complete(1, fileOf(session(1)))).toBe('fenced');
      expect(await store.saveCheckpoint(session(1).sessionID, 1, { offset: 4, crc32: 44 }, 2_000)).toBe('fenced');
    });

    it('puts a file into the catalogue that had no session, once', async () => {
      const file = fileOf(session(1));
      expect(await fixture.store.addFile(file)).toBe('added');
      expect(await fixture.store.findFileOfSession(file.sessionID)).toEqual(file);
      expect(await fixture.store.find(file.sessionID)).toBeUndefined();
      expect(await fixture.store.addFile({ ...file, fileId: 'another' })).toBe('exists');
      expect(await fixture.store.addFile({ ...file, sessionID: session(2).sessionID })).toBe('exists');
      expect(await fixture.store.findFileOfSession(file.sessionID)).toEqual(file);
    });

    it('tells a session that is gone from one that another node holds', async () => {
      const { sessionID, epoch } = session(1);
      const point = { offset: 4, crc32: 44 };
      expect(await store.saveCheckpoint(sessionID, epoch, point, 2_000)).toBe('missing');
      expect(await store.complete(epoch, fileOf(session(1)))).toBe('missing');
      await store.create(session(1));
      await store.takeOver(sessionID, 2_000);
      expect(await store.saveCheckpoint(sessionID, epoch, point, 2_000)).toBe('fenced');
      expect(await store.complete(epoch, fileOf(session(1)))).toBe('fenced');
      expect(await store.findFile('file1')).toBeUndefined();
    });

    it('completes no session whose ID is in the catalogue, and leaves both as they were', async () => {
      await store.create(session(1));
      await store.addFile({ ...fileOf(session(1)), fileId: 'whole' });
      expect(await store.complete(1, fileOf(session(1)))).toBe('exists');
      expect(await store.find(session(1).sessionID)).toEqual(session(1));
      expect(await store.findFileOfSession(session(1).sessionID)).toMatchObject({ fileId: 'whole' });
    });

    it('keeps a file whose SHA-256 nobody wanted', async () => {
      const file = { ...fileOf(session(1)), sha256: undefined };
      await fixture.store.addFile(file);
      expect(await fixture.store.findFile(file.fileId)).toEqual(file);
    });

    it('takes many changes at once, of which one that fails takes nothing of the others with it', async () => {
      const { store } = fixture;
      await store.create(session(1));
      const changes = [
        store.create(session(2)),
        store.create(session(1)),
        store.addFile(fileOf(session(3))),
        store.takeOver(session(9).sessionID, 5),
        store.complete(1, fileOf(session(1))),
      ];
      const outcomes = await Promise.all(changes.map((change) => change.catch(({ code }: UploadError) => code)));
      expect(outcomes).toEqual(['created', 'exists', 'added', 'SESSION_NOT_FOUND', 'completed']);
      expect(await store.find(session(2).sessionID)).toBeDefined();
      expect((await store.listFiles('alice', 9)).files.map(({ fileId }) => fileId)).toEqual(['file1', 'file3']);
    });

    it('keeps a file when its session is removed', async () => {
      await complete(session(1));
      await store.remove(session(1).sessionID);
      expect(await store.find(session(1).sessionID)).toBeUndefined();
      expect(await store.findFile('file1')).toBeDefined();
    });

    it('removes a session once, and not for who lost it', async () => {
      const { sessionID } = session(1);
      await store.create(session(1));
      await store.takeOver(sessionID, 2_000);
      expect(await store.remove(sessionID, 1)).toBe(false);
      expect(await store.find(sessionID)).toBeDefined();
      expect(await store.remove(sessionID, 2)).toBe(true);
      expect(await store.remove(sessionID, 2)).toBe(false);
      expect(await store.remove(sessionID)).toBe(false);
    });

    it('gives each of many who take a session over at once an epoch of its own', async () => {
      const { sessionID } = session(1);
      await store.create(session(1));
      const taken = await Promise.all(Array.from({ length: 100 }, () => store.takeOver(sessionID, 2_000)));
      expect(new Set(taken.map(({ epoch }) => epoch)).size).toBe(100);
    });

    it('lets either a completion or a takeover come first, never both win', async () => {
      for (let number = 1; number <= 20; number++) {
        const record = session(number);
        await store.create(record);
        const [taken, completed] = await Promise.all([
          store.takeOver(record.sessionID, 2_000),
          store.complete(record.epoch, fileOf(record)),
        ]);
        expect(completed).toBe(taken.completed ? 'completed' : 'fenced');
        expect((await store.findFile(record.fileId)) !== undefined).toBe(taken.completed);
      }
    });

    it('finds the sessions that nobody continues, the oldest first', async () => {
      for (const number of [3, 1, 2, 9]) await store.create(session(number));
      const idle = await store.findIdle(1_004, 2);
      expect(idle.map(({ updatedAt }) => updatedAt)).toEqual([1_001, 1_002]);
    });

    it('lists the files of an owner by pages, the newest first, and nobody else’s', async () => {
      for (const number of [1, 2, 3]) await complete(session(number));
      await complete(session(4, { owner: 'bob' }));
      await complete(session(5, { owner: null }));
      const first = await store.listFiles('alice', 2);
      expect(first.files.map(({ fileId }) => fileId)).toEqual(['file3', 'file2']);
      const second = await store.listFiles('alice', 2, first.nextCursor);
      expect(second.files.map(({ fileId }) => fileId)).toEqual(['file1']);
      expect(second.nextCursor).toBeUndefined();
    });

    it('takes a cursor that makes no sense for the beginning', async () => {
      await complete(session(1));
      expect((await store.listFiles('alice', 2, "'; DROP TABLE files")).files).toHaveLength(1);
    });

    it('removes a file and its session, once', async () => {
      await complete(session(1));
      expect(await store.removeFile('file1')).toBe(true);
      expect(await store.removeFile('file1')).toBe(false);
      expect(await store.findFile('file1')).toBeUndefined();
      expect(await store.find(session(1).sessionID)).toBeUndefined();
    });

    it('remembers everything after a restart', async () => {
      await complete(session(1));
      await store.create(session(2));
      const again = await fixture.reopen();
      expect(await again.find(session(2).sessionID)).toEqual(session(2));
      expect(await again.findFile('file1')).toEqual(fileOf(session(1)));
    });

    it('knows whose bytes are whose', async () => {
      await complete(session(1));
      await store.remove(session(1).sessionID);
      await store.create(session(2));
      expect(await Promise.all(['file1', 'file2', 'file3'].map((id) => store.isKnown(id)))).toEqual([
        true,
        true,
        false,
      ]);
    });

    it('keeps the first ID of several, until it is told to replace it', async () => {
      expect(await store.identity()).toBeUndefined();
      const set = await Promise.all(['a', 'b', 'c'].map((id) => store.setIdentity(id)));
      expect(new Set(set).size).toBe(1);
      const again = await fixture.reopen();
      expect(await again.identity()).toBe(set[0]);
      expect(await again.setIdentity('d', true)).toBe('d');
    });

    it('knows whether there are files in it', async () => {
      await store.create(session(1));
      expect(await store.hasFiles()).toBe(false);
      await store.addFile(fileOf(session(2)));
      expect(await store.hasFiles()).toBe(true);
    });

    it('says that it works', async () => {
      await expect(store.check()).resolves.toBeUndefined();
    });
  });
}
