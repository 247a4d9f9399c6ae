import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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

/** Looks again until a client was told of a step, as a scanner that takes until then. */
async function toldOf(peer: TestConnection, step: string, times = 1): Promise<void> {
  while (peer.steps.filter((one) => one === step).length < times) await delay(20);
}

describe('WorkInProgress', () => {
  it('tells again and again of work that takes long, the latest step only, and stops with it', async () => {
    const works = new WorkInProgress(40);
    const peer = new TestConnection();
    await works.run(peer, SESSION, 'beginning', () =>
      works.run(peer, SESSION, 'inspecting', () => toldOf(peer, 'inspecting', 3)),
    );
    expect(new Set(peer.steps)).toEqual(new Set(['inspecting']));
    const told = peer.steps.length;
    await delay(120);
    expect(peer.steps).toHaveLength(told);
  });

  it('says nothing of work that is done soon, or to a connection that is gone', async () => {
    const works = new WorkInProgress(40);
    const [quick, gone] = [new TestConnection(), new TestConnection()];
    gone.connected = false;
    const long = works.run(gone, SESSION, 'writing', () => delay(120));
    for (let time = 0; time < 100; time++) await works.run(quick, SESSION, 'writing', () => delay(1));
    await long;
    expect([quick.steps, gone.steps]).toEqual([[], []]);
  });

  it('ends with work that fails', async () => {
    const works = new WorkInProgress(20);
    const peer = new TestConnection();
    await expect(works.run(peer, SESSION, 'writing', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await delay(60);
    expect(peer.steps).toEqual([]);
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
      await Promise.all([toldOf(peer, 'inspecting'), toldOf(second, 'beginning')]);
    };
    const { sessions } = await openSessionGateway(dataDir, { store, backend: disk, policy: { inspect } });
    await sessions.begin(peer, WANTED);
    await sessions.receive(peer, SESSION, ALL);
    const begun = await sessions.begin(second, WANTED);
    expect(begun.completed).toMatchObject({ size: CONTENT.length });
    await peer.ended;
    expect(inspections).toBe(1);
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
