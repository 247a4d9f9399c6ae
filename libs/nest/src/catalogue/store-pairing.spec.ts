import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskStorage } from '../stores/disk/disk-storage.js';
import { StorageService } from '../storage/storage.service.js';
import { fileOf, sessionOf } from '../testing/session-records.js';
import { SqliteUploadStore } from '../stores/sqlite/sqlite-upload-store.js';
import { StorePairing } from './store-pairing.js';

const STORED = { fileId: 'a1b2'.repeat(8), fileName: 'report.txt' };

describe('StorePairing', () => {
  let root: string;
  let closers: (() => Promise<void>)[];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'store-pairing-'));
    closers = [];
    jest.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
  });
  afterEach(async () => {
    await stop();
    await rm(root, { recursive: true });
    jest.restoreAllMocks();
  });

  const stop = async () => {
    for (const close of closers.splice(0)) await close();
  };

  /** A start of a gateway on a catalogue and a folder of bytes, each by its name. */
  async function start(catalogue: string, folder: string, adoptStore = false) {
    await mkdir(join(root, folder), { recursive: true });
    const store = SqliteUploadStore.open(join(root, catalogue));
    const backend = new DiskStorage(join(root, folder));
    closers.push(
      () => store.close(),
      () => backend.close(),
    );
    const storage = new StorageService(backend);
    await new StorePairing({ adoptStore }, store, storage).pair();
    return { store, storage };
  }

  /** One after which both have files. */
  async function startWithFiles(catalogue: string, folder: string) {
    const { store, storage } = await start(catalogue, folder);
    await storage.put(STORED, Buffer.from('Hello'));
    await store.addFile({ ...fileOf(sessionOf(1)), ...STORED });
    await stop();
  }

  it('starts with nothing, and again with what it left', async () => {
    await startWithFiles('a.db', 'a');
    const { store, storage } = await start('a.db', 'a');
    expect(await store.identity()).toEqual(expect.any(String));
    expect(await storage.identity()).toBe(await store.identity());
  });

  it('does not start with an empty catalogue where there are files, and says what to do', async () => {
    await startWithFiles('a.db', 'a');
    const started = start('empty.db', 'a');
    await expect(started).rejects.toThrow('There are stored files, but the catalogue is empty');
    await expect(started).rejects.toThrow('catalogue:rebuild');
  });

  it('does not start on the files of another installation', async () => {
    await startWithFiles('a.db', 'a');
    await startWithFiles('b.db', 'b');
    await expect(start('a.db', 'b')).rejects.toThrow('of different installations');
  });

  it('does not start on an empty folder where the catalogue lists files', async () => {
    await startWithFiles('a.db', 'a');
    await expect(start('a.db', 'new')).rejects.toThrow('no stored file is there');
  });

  it('pairs files and a catalogue from before there were IDs', async () => {
    await startWithFiles('a.db', 'a');
    await rm(join(root, 'a', 'store-id'));
    const { store, storage } = await start('a.db', 'a');
    expect(await storage.identity()).toBe(await store.identity());
  });

  it('starts after a crash between the first file’s bytes and its entry', async () => {
    const { storage } = await start('a.db', 'a');
    await storage.put(STORED, Buffer.from('Hello'));
    await stop();
    await expect(start('a.db', 'a')).resolves.toBeDefined();
  });

  it('takes them for each other’s where it is told to, from then on', async () => {
    await startWithFiles('a.db', 'a');
    await start('empty.db', 'a', true);
    await stop();
    await expect(start('empty.db', 'a')).resolves.toBeDefined();
    await stop();
    await expect(start('a.db', 'a')).resolves.toBeDefined();
  });
});
