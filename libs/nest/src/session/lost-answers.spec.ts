import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { isUploadError, UploadError, type CompletedUpload } from '@upload-streams/protocol';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FilesService } from '../catalogue/files.service.js';
import { DiskStorage } from '../stores/disk/disk-storage.js';
import type { StorageBackend } from '../contracts/storage-backend.js';
import { openSessionGateway } from '../testing/session-gateway.js';
import { TestConnection } from '../testing/test-connection.js';
import { SqliteUploadStore } from '../stores/sqlite/sqlite-upload-store.js';
import type { UploadStore } from '../contracts/upload-store.js';

const SESSION = 'session-of-lost-answers';
const CONTENT = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7919) % 256));
const WANTED = { resumable: true, sessionID: SESSION, fileName: 'model.bin', size: CONTENT.length };

const chunkAt = (offset: number, end: number) => {
  const chunk = Buffer.from(CONTENT.subarray(offset, end));
  return { offset, chunk, crc32: crc32(chunk), last: end === CONTENT.length, fileCrc32: crc32(CONTENT) };
};

const STORE_CALLS = [
  'create',
  'find',
  'takeOver',
  'saveCheckpoint',
  'complete',
  'addFile',
  'remove',
  'findFile',
  'removeFile',
];
const BYTES_CALLS = ['put', 'append', 'sync', 'digest', 'complete', 'discard', 'close', 'sizeOf', 'remove'];

/** How the answer to one call is lost: after the call was made, or before it, which is then made `later` calls later. */
type Loss = { readonly call: string; readonly later?: number };

/** Loses the answer to the first call of a name, once. The caller is told that it failed. */
class Loser {
  private lost = false;
  private made = 0;
  private late: (() => Promise<unknown>) | undefined;
  private dueAt = Infinity;

  constructor(private readonly loss: Loss) {}

  get hasLost(): boolean {
    return this.lost;
  }

  /** `target`, of which some answers get lost. */
  around<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const value = Reflect.get(target, name) as unknown;
        if (typeof value !== 'function') return value;
        const make = (...args: unknown[]) => (value as (...args: unknown[]) => unknown).apply(target, args);
        return name === 'read' ? make : (...args: unknown[]) => this.call(String(name), () => make(...args));
      },
    });
  }

  /** Makes the call that is late still, if there is one. */
  async flush(): Promise<void> {
    const late = this.late;
    this.late = undefined;
    await late?.().catch(() => undefined);
  }

  private async call(name: string, make: () => unknown): Promise<unknown> {
    if (++this.made >= this.dueAt) await this.flush();
    if (this.lost || name !== this.loss.call) return make();
    this.lost = true;
    if (this.loss.later === undefined) await make();
    else {
      this.late = async () => make();
      this.dueAt = this.made + this.loss.later;
    }
    throw new UploadError('STORAGE_FAILED');
  }
}

/** A back end whose partial files lose answers too. */
function losingBytes(backend: StorageBackend, loser: Loser): StorageBackend {
  const opening: Pick<StorageBackend, 'create' | 'open'> = {
    create: async (file) => loser.around(await backend.create(file)),
    open: async (file, durable) => loser.around(await backend.open(file, durable)),
  };
  return loser.around(new Proxy(backend, { get: (target, name) => Reflect.get(opening, name) ?? bound(target, name) }));
}

function bound(target: object, name: string | symbol): unknown {
  const value = Reflect.get(target, name) as unknown;
  return typeof value === 'function' ? value.bind(target) : value;
}

describe('an answer that is lost', () => {
  let dataDir: string;
  let store: SqliteUploadStore;
  let disk: DiskStorage;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'lost-answers-'));
    store = SqliteUploadStore.open(join(dataDir, 'catalogue.db'));
    disk = new DiskStorage(dataDir);
    for (const level of ['warn', 'error'] as const) jest.spyOn(Logger.prototype, level).mockReturnValue(undefined);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await store.close();
    await disk.close();
    await rm(dataDir, { recursive: true });
  });

  type Gateway = Awaited<ReturnType<typeof openSessionGateway>>;

  const gatewayWith = (ofStore: Loser, ofBytes: Loser, inspect?: () => void): Promise<Gateway> =>
    openSessionGateway(dataDir, {
      store: ofStore.around<UploadStore>(store),
      backend: losingBytes(disk, ofBytes),
      policy: inspect ? { inspect } : {},
    });

  /** One attempt, as the engine makes it: begins, and goes on from the offset that it is told. */
  async function attempt({ sessions }: Gateway, peer: TestConnection, isWhole: boolean): Promise<CompletedUpload> {
    const begun = await sessions.begin(peer, WANTED, isWhole ? chunkAt(0, CONTENT.length) : undefined);
    await allFilesHaveTheirBytes();
    if (begun.completed) return begun.completed;
    for (let { offset } = begun; ; offset = 500) {
      const end = offset < 500 ? 500 : CONTENT.length;
      await sessions.receive(peer, SESSION, chunkAt(offset, end));
      if (end === CONTENT.length) return peer.ended;
      const flush = { offset: end, chunk: Buffer.alloc(0), crc32: 0, last: false };
      await sessions.receive(peer, SESSION, flush);
    }
  }

  /** Tries until it is told of the file. */
  async function upload(gateway: Gateway, isWhole: boolean): Promise<CompletedUpload> {
    for (let attempts = 1; ; attempts++) {
      const peer = new TestConnection();
      try {
        return await attempt(gateway, peer, isWhole);
      } catch (error) {
        if (attempts === 10 || !(error instanceof UploadError)) throw error;
        peer.connected = false;
        await gateway.sessions.release(peer);
      }
    }
  }

  const allFilesHaveTheirBytes = async () => {
    const { files } = await store.listFiles('alice', 100);
    for (const { fileId, fileName } of files)
      expect(await readFile(join(dataDir, 'files', fileId, fileName))).toEqual(CONTENT);
    return files.map(({ fileId }) => fileId);
  };

  /** A rebuilt catalogue would miss them. */
  const recordsWithoutBytes = async () => {
    const stored = await readdir(join(dataDir, 'files'));
    return (await disk.records.list()).filter(({ fileId }) => !stored.includes(fileId));
  };

  const losses = (calls: readonly string[]): Loss[] =>
    calls.flatMap((call) => [{ call }, ...[2, 3].map((later) => ({ call, later }))]);
  const LOST_BY = [
    ...losses(STORE_CALLS).map((loss) => ({ by: 'the store', loss, later: loss.later ?? 'never', call: loss.call })),
    ...BYTES_CALLS.map((call) => ({ by: 'the disk', loss: { call }, later: 'never' as const, call })),
  ];
  const losersOf = ({ by, loss }: (typeof LOST_BY)[number]) => {
    const none = new Loser({ call: 'none' });
    const loser = new Loser(loss);
    return { loser, ofStore: by === 'the store' ? loser : none, ofBytes: by === 'the disk' ? loser : none };
  };

  it.each(LOST_BY)('leaves no file without its bytes: $call of $by, made $later calls late', async (one) => {
    for (const isWhole of [true, false]) {
      const { loser, ofStore, ofBytes } = losersOf(one);
      const gateway = await gatewayWith(ofStore, ofBytes);
      const told = await upload(gateway, isWhole);
      await loser.flush();
      expect(await allFilesHaveTheirBytes()).toEqual([told.fileId]);
      expect(await recordsWithoutBytes()).toEqual([]);
      // Nor was one for a while, to be stored anew by the next attempt.
      expect(Logger.prototype.error).not.toHaveBeenCalledWith(expect.stringContaining('are missing'));
      await gateway.sessions.drain();
      await store.removeFile(told.fileId);
      await disk.discard(told.fileId);
    }
  });

  it.each(LOST_BY)('refuses what the policy refuses: $call of $by, made $later calls late', async (one) => {
    for (const isWhole of [true, false]) {
      const { loser, ofStore, ofBytes } = losersOf(one);
      const gateway = await gatewayWith(ofStore, ofBytes, () => {
        throw new UploadError('UPLOAD_REFUSED');
      });
      const outcomes: unknown[] = [];
      for (let attempts = 0; attempts < 5 && !outcomes.some((error) => isUploadError(error, 'UPLOAD_REFUSED'));) {
        attempts++;
        const peer = new TestConnection();
        outcomes.push(await attempt(gateway, peer, isWhole).catch((error: unknown) => error));
        peer.connected = false;
        await gateway.sessions.release(peer);
      }
      await loser.flush();
      expect(outcomes.at(-1)).toMatchObject({ code: 'UPLOAD_REFUSED' });
      expect(await allFilesHaveTheirBytes()).toEqual([]);
      await gateway.sessions.drain();
      const left = await store.find(SESSION);
      if (left) await store.remove(SESSION);
    }
  });

  it('keeps no record of bytes that it does not keep, as where two nodes store the same file', async () => {
    const none = new Loser({ call: 'none' });
    const gateway = await gatewayWith(none, none);
    const told = await upload(gateway, true);
    jest.spyOn(store, 'findFileOfSession').mockResolvedValueOnce(undefined);
    expect(await attempt(gateway, new TestConnection(), true)).toEqual(told);
    expect((await disk.records.list()).map(({ fileId }) => fileId)).toEqual([told.fileId]);
    await gateway.sessions.drain();
  });

  const ofRemoval = LOST_BY.filter(({ call }) => ['findFile', 'removeFile', 'remove'].includes(call));
  it.each(ofRemoval)('keeps or drops all of what is removed: $call of $by, made $later calls late', async (one) => {
    const whole = await openSessionGateway(dataDir, { store, backend: disk });
    const { fileId } = await upload(whole, true);
    const { loser, ofStore, ofBytes } = losersOf(one);
    const gateway = await gatewayWith(ofStore, ofBytes);
    const files = new FilesService(ofStore.around<UploadStore>(store), gateway.storage);
    const requester = { owner: 'alice' };
    await files.remove(fileId, requester).catch(() => undefined);
    await allFilesHaveTheirBytes();
    await loser.flush();
    await files.remove(fileId, requester).catch(() => undefined);
    expect(await allFilesHaveTheirBytes()).toEqual([]);
  });

  it('leaves a file its bytes that another node completed while this one cancelled it', async () => {
    const other = await openSessionGateway(dataDir, { store, backend: disk });
    const peer = new TestConnection();
    await other.sessions.begin(peer, WANTED);
    const completing = async (...args: Parameters<UploadStore['remove']>) => {
      await other.sessions.receive(peer, SESSION, chunkAt(0, CONTENT.length));
      await peer.ended;
      return store.remove(...args);
    };
    const late = new Proxy<UploadStore>(store, {
      get: (target, name) => (name === 'remove' ? completing : bound(target, name)),
    });
    const gateway = await openSessionGateway(dataDir, { store: late, backend: disk });
    await gateway.sessions.cancel('alice', SESSION);
    expect(await allFilesHaveTheirBytes()).toEqual([(await peer.ended).fileId]);
  });

  it('stores a file anew, and says so, of which the catalogue has an entry and the disk no bytes', async () => {
    const gateway = await openSessionGateway(dataDir, { store, backend: disk });
    const { fileId } = await upload(gateway, true);
    await disk.remove(fileId);
    const again = await upload(gateway, true);
    expect(again.fileId).not.toBe(fileId);
    expect(await allFilesHaveTheirBytes()).toEqual([again.fileId]);
    expect(Logger.prototype.error).toHaveBeenCalledWith(expect.stringContaining(fileId));
  });
});
