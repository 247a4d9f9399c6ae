import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { BrokenFileError, type PartialFile } from '../contracts/partial-file.js';
import type { Checkpoint } from '../contracts/records.js';
import type { StoredFile } from '../contracts/storage-backend.js';
import { DiskStorage } from '../stores/disk/disk-storage.js';
import { SqliteUploadStore } from '../stores/sqlite/sqlite-upload-store.js';
import { openSessionGateway } from '../testing/session-gateway.js';
import { TestConnection } from '../testing/test-connection.js';
import type { SessionService } from './session.service.js';

const SESSION = 'upload-with-a-failing-chunk';
const WANTED = { sessionID: SESSION, resumable: true, fileName: 'a.bin', size: 100, type: '', metadata: {} } as const;

/** A disk that counts how often the partial file is open, and that can be told to fail a sync and to close slowly. */
class WatchedDisk extends DiskStorage {
  openFiles = 0;
  mostOpenFiles = 0;
  nextSync: Error | undefined;
  /** Resolves when a file is about to be closed. */
  readonly closing = Promise.withResolvers<void>();
  /** Files are closed after this. */
  mayClose: Promise<void> = Promise.resolve();

  override async create(file: StoredFile): Promise<PartialFile> {
    return this.watch(await super.create(file));
  }

  override async open(file: StoredFile, durable: Checkpoint): Promise<PartialFile> {
    return this.watch(await super.open(file, durable));
  }

  private watch(file: PartialFile): PartialFile {
    this.mostOpenFiles = Math.max(this.mostOpenFiles, ++this.openFiles);
    const sync = async () => {
      const error = this.nextSync;
      this.nextSync = undefined;
      if (error) throw error;
      await file.sync();
    };
    const close = async () => {
      this.closing.resolve();
      await this.mayClose;
      await file.close();
      this.openFiles--;
    };
    const discard = async () => {
      await file.discard();
      this.openFiles--;
    };
    return Object.assign(Object.create(file) as PartialFile, { sync, close, discard });
  }
}

describe('a chunk that fails while another connection begins the session', () => {
  let dataDir: string;
  let disk: WatchedDisk;
  let store: SqliteUploadStore;
  let sessions: SessionService;
  const closable = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    disk.mayClose = promise;
    return resolve;
  };

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'failing-chunks-'));
    disk = new WatchedDisk(dataDir);
    store = SqliteUploadStore.open(join(dataDir, 'catalogue.db'));
    ({ sessions } = await openSessionGateway(dataDir, { store, backend: disk, options: { durability: 'chunk' } }));
  });
  afterEach(async () => {
    await sessions.drain();
    expect(disk.openFiles).toBe(0);
    jest.restoreAllMocks();
    await disk.close();
    await store.close();
    await rm(dataDir, { recursive: true });
  });

  const send = (peer: TestConnection, offset: number, last = false) => {
    const chunk = Buffer.alloc(10, offset);
    return sessions.receive(peer, SESSION, { offset, chunk, crc32: crc32(chunk), last, fileCrc32: 0 });
  };

  it('closes the partial file before that connection opens it', async () => {
    const [peer, second] = [new TestConnection(), new TestConnection()];
    await sessions.begin(peer, WANTED);
    await send(peer, 0);
    disk.nextSync = new BrokenFileError('the store is away');
    const close = closable();
    const failure = expect(send(peer, 10)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await disk.closing.promise;
    const begun = sessions.begin(second, WANTED);
    await Promise.race([begun, second.toldOf('beginning')]);
    close();
    await failure;
    expect(await begun).toMatchObject({ durable: 10 });
    expect(disk.mostOpenFiles).toBe(1);
  }, 20_000);

  it('does not make it open the partial file again if it is taking the session over', async () => {
    const [peer, second] = [new TestConnection(), new TestConnection()];
    await sessions.begin(peer, WANTED);
    await send(peer, 0);
    const [taken, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const takeOver = store.takeOver.bind(store);
    jest.spyOn(store, 'takeOver').mockImplementationOnce(async (...args) => {
      const record = await takeOver(...args);
      taken.resolve();
      await goOn.promise;
      return record;
    });
    const begun = sessions.begin(second, WANTED);
    await taken.promise;
    const close = closable();
    const failure = expect(send(peer, 10, true)).rejects.toMatchObject({ code: 'SIZE_MISMATCH' });
    // Nothing of the refusal waits for anything but promises.
    await setImmediate();
    goOn.resolve();
    await begun;
    close();
    await failure;
    expect(disk.mostOpenFiles).toBe(1);
    expect(sessions.liveCount).toBe(0);
    expect(await store.find(SESSION)).toBeUndefined();
  });
});
