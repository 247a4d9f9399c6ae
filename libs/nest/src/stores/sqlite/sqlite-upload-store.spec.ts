import { Logger } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import { copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describeUploadStore } from '../../testing/describe-upload-store.js';
import { fileOf, sessionOf } from '../../testing/session-records.js';
import { SqliteUploadStore } from './sqlite-upload-store.js';

async function createStore() {
  const folder = await mkdtemp(join(tmpdir(), 'session-store-'));
  const path = join(folder, 'catalogue.db');
  let current = SqliteUploadStore.open(path);
  return {
    store: current,
    path,
    reopen: async () => {
      await current.close();
      return (current = SqliteUploadStore.open(path));
    },
    close: async () => {
      await current.close();
      await rm(folder, { recursive: true });
    },
  };
}

describeUploadStore('SqliteUploadStore', createStore);

describe('SqliteUploadStore', () => {
  it('says so where a catalogue is of another version', async () => {
    const fixture = await createStore();
    await fixture.store.close();
    const database = new DatabaseSync(fixture.path);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => SqliteUploadStore.open(fixture.path)).toThrow(/is of version 99; this program reads version 2/);
    await fixture.close();
  });

  /** Takes a catalogue back to the tables of version 1. */
  const makeVersion1 = (path: string) => {
    const database = new DatabaseSync(path);
    database.exec(`
      ALTER TABLE files ADD COLUMN storedName TEXT NOT NULL DEFAULT 'stored.txt';
      PRAGMA user_version = 1;
    `);
    database.close();
  };

  it('brings a catalogue of version 1 up to date, with all that is in it', async () => {
    const fixture = await createStore();
    for (const number of [1, 2, 3]) await fixture.store.addFile(fileOf(sessionOf(number)));
    await fixture.store.create(sessionOf(4));
    await fixture.store.close();
    makeVersion1(fixture.path);
    const migrated = await fixture.reopen();
    expect((await migrated.listFiles('alice', 10)).files).toEqual([3, 2, 1].map((n) => fileOf(sessionOf(n))));
    expect(await migrated.find(sessionOf(4).sessionID)).toEqual(sessionOf(4));
    expect(await migrated.addFile(fileOf(sessionOf(5)))).toBe('added');
    const again = await fixture.reopen();
    expect(await again.findFile('file5')).toEqual(fileOf(sessionOf(5)));
    await fixture.close();
  });

  it('leaves a catalogue as it was where it can not be brought up to date', async () => {
    const fixture = await createStore();
    await fixture.store.addFile(fileOf(sessionOf(1)));
    await fixture.store.close();
    makeVersion1(fixture.path);
    const database = new DatabaseSync(fixture.path);
    database.exec('CREATE INDEX unknown_to_us ON files (storedName)');
    database.close();
    expect(() => SqliteUploadStore.open(fixture.path)).toThrow();
    const before = new DatabaseSync(fixture.path);
    expect(before.prepare('PRAGMA user_version').get()).toEqual({ user_version: 1 });
    expect(before.prepare('SELECT storedName FROM files').all()).toEqual([{ storedName: 'stored.txt' }]);
    before.close();
    await fixture.close();
  });

  it('keeps its files from other users', async () => {
    const fixture = await createStore();
    for (const name of [fixture.path, `${fixture.path}-wal`]) expect((await stat(name)).mode & 0o777).toBe(0o600);
    await fixture.close();
  });

  it.each([
    ['removed', async () => undefined],
    ['replaced', (path: string) => copyFile(`${path}.other`, path)],
  ])('takes no more changes once its file was %s, and says so once', async (_, replace) => {
    const said = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    const fixture = await createStore();
    await fixture.store.check();
    await copyFile(fixture.path, `${fixture.path}.other`);
    await rm(fixture.path);
    await replace(fixture.path);
    await expect(fixture.store.create(sessionOf(1))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await expect(fixture.store.check()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(said).toHaveBeenCalledTimes(1);
    expect(said).toHaveBeenCalledWith(expect.stringContaining('was removed or replaced'));
    said.mockRestore();
    await fixture.close();
  });

  /** Enough for pages that are not in memory, over which something else is written. */
  const damagedBy = async (path: string) => {
    const { size } = await stat(path);
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(size / 2, 'x'), 0, size / 2, size / 4);
    await file.close();
  };
  const addMany = (store: SqliteUploadStore) =>
    Promise.all(Array.from({ length: 12_000 }, (_, number) => store.addFile(fileOf(sessionOf(number)))));

  it('does not open a damaged file, and says what to do', async () => {
    const fixture = await createStore();
    await addMany(fixture.store as SqliteUploadStore);
    await fixture.store.close();
    await damagedBy(fixture.path);
    expect(() => SqliteUploadStore.open(fixture.path)).toThrow(/is damaged.*rebuild/);
    await fixture.close();
  });

  it('takes nothing more once a part of the file turns out to be damaged, and says so once', async () => {
    const said = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    const fixture = await createStore();
    await addMany(fixture.store as SqliteUploadStore);
    await fixture.store.close();
    const store = SqliteUploadStore.open(fixture.path);
    await damagedBy(fixture.path);
    const looked = Array.from({ length: 12_000 }, (_, number) => store.findFile(fileOf(sessionOf(number)).fileId));
    const failures = (await Promise.allSettled(looked)).filter(({ status }) => status === 'rejected');
    expect(failures[0]).toMatchObject({ reason: { code: 'STORAGE_FAILED' } });
    await expect(store.check()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(said).toHaveBeenCalledTimes(1);
    expect(said).toHaveBeenCalledWith(expect.stringContaining('is damaged'));
    said.mockRestore();
    await store.close();
    await fixture.close();
  });

  it('lets one process at a time use a catalogue, and says so', async () => {
    const fixture = await createStore();
    try {
      expect(() => SqliteUploadStore.open(fixture.path)).toThrow(/another process may have it open/);
    } finally {
      await fixture.close();
    }
  });
});
