import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Checkpoint } from '../contracts/records.js';
import { BrokenFileError, type PartialFile } from '../contracts/partial-file.js';
import type { StoredFile } from '../contracts/storage-backend.js';
import { DiskStorage } from '../stores/disk/disk-storage.js';
import { SqliteUploadStore } from '../stores/sqlite/sqlite-upload-store.js';
import { openSessionGateway } from '../testing/session-gateway.js';
import { TestConnection } from '../testing/test-connection.js';

const SESSION = 'upload-on-failing-storage';
const WANTED = { sessionID: SESSION, resumable: true, fileName: 'a.bin', size: 100, type: '', metadata: {} } as const;

/** A disk whose next sync fails. */
class FailingDisk extends DiskStorage {
  nextSync: Error | undefined;

  override async create(file: StoredFile): Promise<PartialFile> {
    return this.failing(await super.create(file));
  }

  override async open(file: StoredFile, durable: Checkpoint): Promise<PartialFile> {
    return this.failing(await super.open(file, durable));
  }

  private failing(file: PartialFile): PartialFile {
    const sync = async () => {
      const error = this.nextSync;
      this.nextSync = undefined;
      if (error) throw error;
      await file.sync();
    };
    return Object.assign(Object.create(file) as PartialFile, { sync });
  }
}

describe('a session whose bytes can not be synced', () => {
  let dataDir: string;
  let disk: FailingDisk;
  let store: SqliteUploadStore;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'failing-storage-'));
    disk = new FailingDisk(dataDir);
    store = SqliteUploadStore.open(join(dataDir, 'catalogue.db'));
  });
  afterEach(async () => {
    await disk.close();
    await store.close();
    await rm(dataDir, { recursive: true });
  });

  /** Two chunks, the second of which can't be synced; then begins again. */
  async function failAndBeginAgain(error: Error) {
    const options = { durability: 'chunk', maxChunkBytes: 64 * 1024 } as const;
    const { sessions } = await openSessionGateway(dataDir, { store, backend: disk, options });
    const peer = new TestConnection();
    await sessions.begin(peer, WANTED);
    const send = (offset: number) => {
      const chunk = Buffer.alloc(10, offset);
      return sessions.receive(peer, SESSION, { offset, chunk, crc32: crc32(chunk), last: false });
    };
    await send(0);
    disk.nextSync = error;
    await expect(send(10)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(sessions.liveCount).toBe(0);
    const begun = await sessions.begin(peer, WANTED);
    await sessions.drain();
    return begun;
  }

  it('goes on from what was synced where the back end says that it is still there', async () => {
    const begun = await failAndBeginAgain(new BrokenFileError('the store is away'));
    expect(begun.durable).toBe(10);
    expect(begun.offset).toBeGreaterThanOrEqual(10);
  });

  it('begins from zero where appended bytes may be lost', async () => {
    const begun = await failAndBeginAgain(Object.assign(new Error('i/o error'), { code: 'EIO' }));
    expect(begun).toMatchObject({ offset: 0, durable: 0 });
  });
});
