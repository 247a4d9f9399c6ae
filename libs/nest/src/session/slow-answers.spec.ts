import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DiskStorage } from '../stores/disk/disk-storage.js';
import { openSessionGateway } from '../testing/session-gateway.js';
import { TestConnection } from '../testing/test-connection.js';
import { SqliteUploadStore } from '../stores/sqlite/sqlite-upload-store.js';
import { WorkInProgress } from './work-in-progress.js';

const SESSION = 'a-session-with-slow-answer';
const CONTENT = Buffer.from('the content of a file that is inspected');
const WANTED = { resumable: true, sessionID: SESSION, fileName: 'model.bin', size: CONTENT.length };
const ALL = { offset: 0, chunk: CONTENT, crc32: crc32(CONTENT), last: true, fileCrc32: crc32(CONTENT) };
const EMPTY_LAST = { ...ALL, offset: CONTENT.length, chunk: Buffer.alloc(0), crc32: 0 };

describe('WorkInProgress', () => {
  const EVERY_MS = 2500;

  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('tells again and again of work that takes long, the latest step only, and stops with it', async () => {
    const works = new WorkInProgress(EVERY_MS);
    const connection = new TestConnection();
    const done = Promise.withResolvers<void>();
    const work = works.run(connection, SESSION, 'beginning', () =>
      works.run(connection, SESSION, 'inspecting', () => done.promise),
    );
    await jest.advanceTimersByTimeAsync(3 * EVERY_MS);
    expect(connection.steps).toEqual(['inspecting', 'inspecting', 'inspecting']);
    done.resolve();
    await work;
    await jest.advanceTimersByTimeAsync(3 * EVERY_MS);
    expect(connection.steps).toHaveLength(3);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('says nothing of work that is done soon, or to a connection that is gone', async () => {
    const works = new WorkInProgress(EVERY_MS);
    const [quick, gone] = [new TestConnection(), new TestConnection()];
    gone.connected = false;
    const done = Promise.withResolvers<void>();
    const long = works.run(gone, SESSION, 'writing', () => done.promise);
    for (let time = 0; time < 100; time++) {
      await Promise.all([
        works.run(quick, SESSION, 'writing', () => new Promise((resolve) => setTimeout(resolve, EVERY_MS / 10))),
        jest.advanceTimersByTimeAsync(EVERY_MS / 10),
      ]);
    }
    done.resolve();
    await long;
    expect([quick.steps, gone.steps]).toEqual([[], []]);
  });

  it('ends with work that fails', async () => {
    const works = new WorkInProgress(EVERY_MS);
    const connection = new TestConnection();
    await expect(works.run(connection, SESSION, 'writing', () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    await jest.advanceTimersByTimeAsync(3 * EVERY_MS);
    expect(connection.steps).toEqual([]);
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('a slow answer', () => {
  let dataDir: string;
  let store: SqliteUploadStore;
  let disk: DiskStorage;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'slow-answers-'));
    store = SqliteUploadStore.open(join(dataDir, 'catalogue.db'));
    disk = new DiskStorage(dataDir);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await store.close();
    await disk.close();
    await rm(dataDir, { recursive: true });
  });

  it('is announced while an inspection goes on, which who begins meanwhile waits for: it is not made twice', async () => {
    const [peer, second] = [new TestConnection(), new TestConnection()];
    let inspections = 0;
    const inspect = async () => {
      inspections++;
      await Promise.all([peer.toldOf('inspecting'), second.toldOf('beginning')]);
    };
    const { sessions } = await openSessionGateway(dataDir, { store, backend: disk, policy: { inspect } });
    await sessions.begin(peer, WANTED);
    await sessions.receive(peer, SESSION, ALL);
    const begun = await sessions.begin(second, WANTED);
    expect(begun.completed).toMatchObject({ size: CONTENT.length });
    await peer.ended;
    expect(inspections).toBe(1);
  }, 20_000);

  it('is announced while the catalogue takes long, for a session and for a file that comes whole', async () => {
    const [peer, second] = [new TestConnection(), new TestConnection()];
    const [complete, addFile] = [store.complete.bind(store), store.addFile.bind(store)];
    jest.spyOn(store, 'complete').mockImplementation(async (...args) => {
      await peer.toldOf('cataloguing', 2);
      return complete(...args);
    });
    jest.spyOn(store, 'addFile').mockImplementation(async (...args) => {
      await second.toldOf('cataloguing', 2);
      return addFile(...args);
    });
    const { sessions } = await openSessionGateway(dataDir, { store, backend: disk });
    await sessions.begin(peer, WANTED);
    await sessions.receive(peer, SESSION, ALL);
    const whole = sessions.begin(second, { ...WANTED, sessionID: 'another-session-comes-whole' }, ALL);
    expect(await peer.ended).toMatchObject({ size: CONTENT.length });
    expect((await whole).completed).toMatchObject({ size: CONTENT.length });
  }, 20_000);

  it('needs no byte twice where the inspection failed: the next attempt inspects what is there', async () => {
    jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
    let inspections = 0;
    const inspect = () => {
      if (++inspections === 1) throw new Error('the scanner is down');
    };
    const { sessions } = await openSessionGateway(dataDir, { store, backend: disk, policy: { inspect } });
    const peer = new TestConnection();
    await sessions.begin(peer, WANTED);
    await sessions.receive(peer, SESSION, ALL);
    await expect(peer.ended).rejects.toMatchObject({ code: 'INTERNAL' });
    const again = new TestConnection();
    expect(await sessions.begin(again, WANTED)).toMatchObject({ offset: CONTENT.length });
    await sessions.receive(again, SESSION, EMPTY_LAST);
    expect(await again.ended).toMatchObject({ crc32: crc32(CONTENT) });
    expect(inspections).toBe(2);
  });
});
