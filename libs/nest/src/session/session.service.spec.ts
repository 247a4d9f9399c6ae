import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { MAX_AHEAD_BYTES, MIN_CHUNK_BYTES, UploadError, type CompletedUpload } from '@upload-streams/protocol';
import fc from 'fast-check';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DiskStorage } from '../stores/disk/disk-storage.js';
import { TestConnection } from '../testing/test-connection.js';
import { openSessionGateway } from '../testing/session-gateway.js';
import type { UploadModuleOptions } from '../upload-options.js';
import { UploadSession } from './upload-session.js';
import type { SessionService } from './session.service.js';
import { SqliteUploadStore } from '../stores/sqlite/sqlite-upload-store.js';

const SESSION = 'property-based-session-id';
const CONTENT = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7919) % 256));

/** A gateway without its sockets, on a real disk and SQLite. It may be stopped in good order, or just left. */
class Server {
  private constructor(
    readonly sessions: SessionService,
    private readonly store: SqliteUploadStore,
    private readonly disk: DiskStorage,
  ) {}

  static async start(dataDir: string, limits: Partial<UploadModuleOptions> = {}): Promise<Server> {
    await mkdir(dataDir, { recursive: true });
    const store = SqliteUploadStore.open(join(dataDir, 'catalogue.db'));
    const disk = new DiskStorage(dataDir);
    const { sessions } = await openSessionGateway(dataDir, { store, backend: disk, options: limits });
    return new Server(sessions, store, disk);
  }

  /** As another node does that shares the store. */
  async takeOverElsewhere(sessionID: string): Promise<void> {
    await this.store.takeOver(sessionID, Date.now());
  }

  async stop(): Promise<void> {
    await this.sessions.drain();
    await this.leave();
  }

  /** As a crash does: nothing is written down, only the lock of the catalogue goes with the process. */
  async leave(): Promise<void> {
    await this.store.close();
    await this.disk.close();
  }

  /** Closes the files that a process would have closed by ending. There is no catalogue any more to note anything in. */
  async bury(): Promise<void> {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    await this.sessions.drain();
    warn.mockRestore();
  }
}

type Step =
  | { readonly does: 'begin'; readonly as: number }
  | {
      readonly does: 'send';
      readonly as: number;
      readonly from: number;
      readonly length: number;
      readonly corrupt: boolean;
    }
  | { readonly does: 'disconnect'; readonly as: number }
  | { readonly does: 'restart' | 'crash' };

const client = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('begin' as const), as: client }) },
  {
    weight: 12,
    arbitrary: fc.record({
      does: fc.constant('send' as const),
      as: client,
      // How far from the offset that this client believes in: mostly right, sometimes a duplicate or a gap.
      from: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: -300, max: 300 })),
      length: fc.integer({ min: 0, max: 200 }),
      corrupt: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('disconnect' as const), as: client }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('restart' as const, 'crash' as const) }) },
);

describe('SessionService', () => {
  let dataDir: string;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'session-service-'));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const wanted = { resumable: true, sessionID: SESSION, fileName: 'model.bin', size: CONTENT.length };
  const fileCrc32 = crc32(CONTENT);
  const chunkAt = (offset: number, length: number, corrupt = false) => {
    const chunk = CONTENT.subarray(offset, offset + length);
    const last = offset + length >= CONTENT.length;
    return { offset, chunk, crc32: (crc32(chunk) ^ (corrupt ? 1 : 0)) >>> 0, last, fileCrc32 };
  };

  /** Runs the steps, several clients at once where they follow each other, and then lets one client finish. */
  async function play(steps: readonly Step[], folder: string): Promise<CompletedUpload> {
    let server = await Server.start(folder);
    const peers = [new TestConnection(), new TestConnection(), new TestConnection()];
    const believed = [0, 0, 0];
    const crashed: Server[] = [];
    let holder: number | undefined;
    const pending: Promise<unknown>[] = [];
    const settle = async () => void (await Promise.all(pending.splice(0)));

    const begin = async (as: number) => {
      const begun = await server.sessions.begin(peers[as]!, wanted);
      const prefix = crc32(CONTENT.subarray(0, begun.offset));
      expect(begun.prefixCrc32).toBe(prefix);
      believed[as] = begun.offset;
    };
    const send = async (as: number, { from, length, corrupt }: Extract<Step, { does: 'send' }>) => {
      const offset = Math.max(0, Math.min(CONTENT.length, believed[as]! + from));
      const bytes = Math.min(length, CONTENT.length - offset);
      const written = await server.sessions.receive(peers[as]!, SESSION, chunkAt(offset, bytes, corrupt));
      believed[as] = written.offset;
      // The model: whoever is acknowledged holds the session, and nothing corrupt is ever acknowledged, but a duplicate.
      if (corrupt && bytes > 0) expect(offset + bytes).toBeLessThanOrEqual(written.offset);
      expect(as).toBe(holder);
    };
    const refused = (error: unknown) => {
      if (!(error instanceof UploadError)) throw error;
      expect(error.code).not.toBe('INTERNAL');
    };

    for (const one of steps) {
      if (one.does === 'send') pending.push(send(one.as, one).catch(refused));
      else await settle();
      if (one.does === 'begin') {
        holder = one.as;
        await begin(one.as);
      } else if (one.does === 'disconnect') {
        peers[one.as]!.connected = false;
        await server.sessions.release(peers[one.as]!);
        peers[one.as] = new TestConnection();
        if (holder === one.as) holder = undefined;
      } else if (one.does !== 'send') {
        if (one.does === 'restart') await server.stop();
        else await server.leave().then(() => crashed.push(server));
        server = await Server.start(folder);
        peers.forEach((_, index) => (peers[index] = new TestConnection()));
        holder = undefined;
      }
    }
    await settle();

    const finisher = new TestConnection();
    let begun = await server.sessions.begin(finisher, wanted);
    if (!begun.completed) {
      const rest = chunkAt(begun.offset, CONTENT.length - begun.offset);
      await server.sessions.receive(finisher, SESSION, rest);
      begun = await server.sessions.begin(finisher, wanted);
    }
    await server.stop();
    for (const dead of crashed) await dead.bury();
    return begun.completed!;
  }

  it('ends in the same file, whatever chunks, duplicates, gaps, takeovers, disconnects, restarts and crashes came', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const folder = join(dataDir, `run-${++run}`);
        const file = await play([{ does: 'begin', as: 0 }, ...steps], folder);
        expect(file).toMatchObject({ size: CONTENT.length, crc32: fileCrc32 });
        expect((await readFile(join(folder, 'files', file.fileId, 'model.bin'))).equals(CONTENT)).toBe(true);
        expect(await readdir(join(folder, 'partial'))).toEqual([]);
        await rm(folder, { recursive: true });
      }),
      { numRuns: 150 },
    );
  });

  it('takes what came before a client could know that its window is smaller, and no byte more', async () => {
    const server = await Server.start(dataDir, { maxWindowBytes: MIN_CHUNK_BYTES });
    const peer = new TestConnection();
    const send = (offset: number) => {
      const chunk = Buffer.alloc(MIN_CHUNK_BYTES);
      return server.sessions.receive(peer, SESSION, { offset, chunk, crc32: crc32(chunk), last: false });
    };
    const begun = server.sessions.begin(peer, { resumable: true, sessionID: SESSION, fileName: 'far.bin' });
    const offsets = Array.from({ length: MAX_AHEAD_BYTES / MIN_CHUNK_BYTES }, (_, index) => index * MIN_CHUNK_BYTES);
    const acks = await Promise.all(offsets.map(send));
    expect(await begun).toMatchObject({ offset: 0, window: MIN_CHUNK_BYTES });
    expect(acks.at(-1)).toMatchObject({ offset: MAX_AHEAD_BYTES, window: MIN_CHUNK_BYTES });
    await expect(send(MAX_AHEAD_BYTES + 1)).rejects.toMatchObject({ code: 'WINDOW_EXCEEDED' });
    await server.stop();
  });

  it('leaves a session alone that was continued just before it would expire', async () => {
    const server = await Server.start(dataDir);
    const peer = new TestConnection();
    await server.sessions.begin(peer, wanted);
    const soon = Date.now() + 1000;
    expect(await server.sessions.expire(SESSION, soon)).toBe('kept');
    await server.sessions.release(peer);
    expect(await server.sessions.expire(SESSION, Date.now() - 1000)).toBe('kept');
    expect(await server.sessions.expire(SESSION, soon)).toBe('expired');
    expect(await readdir(join(dataDir, 'partial'))).toEqual([]);
    await server.stop();
  });

  it('holds no file open of a session whose record could not be removed, and can drop it later', async () => {
    const server = await Server.start(dataDir);
    const peer = new TestConnection();
    await server.sessions.begin(peer, wanted);
    const close = jest.spyOn(UploadSession.prototype, 'close');
    jest.spyOn(SqliteUploadStore.prototype, 'remove').mockRejectedValueOnce(new Error('the store is away'));
    await expect(server.sessions.cancel('alice', SESSION)).rejects.toThrow('the store is away');
    expect(close).toHaveBeenCalledTimes(1);
    await server.sessions.cancel('alice', SESSION);
    expect(await readdir(join(dataDir, 'partial'))).toEqual([]);
    jest.restoreAllMocks();
    await server.stop();
  });

  it('takes nothing over for a connection that ended while its begin waited', async () => {
    const server = await Server.start(dataDir);
    const [holder, gone] = [new TestConnection(), new TestConnection()];
    await server.sessions.begin(holder, wanted);
    gone.connected = false;
    await expect(server.sessions.begin(gone, wanted)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await server.sessions.receive(holder, SESSION, chunkAt(0, 100))).toMatchObject({ offset: 100 });
    expect(holder.error).toBeUndefined();
    await server.stop();
  });

  it('yields a session that another node asks for, with all that it has', async () => {
    const server = await Server.start(dataDir);
    const peer = new TestConnection();
    await server.sessions.begin(peer, wanted);
    await server.sessions.receive(peer, SESSION, chunkAt(0, 100));
    await server.sessions.yield(SESSION);
    expect(peer.error).toMatchObject({ code: 'SESSION_TAKEN_OVER' });
    await expect(server.sessions.receive(peer, SESSION, chunkAt(100, 100))).rejects.toThrow();
    expect(await server.sessions.begin(new TestConnection(), wanted)).toMatchObject({ offset: 100, durable: 100 });
    await server.stop();
  });

  it('stops at its next note where another node has taken the session over, and drops nothing', async () => {
    const server = await Server.start(dataDir);
    const peer = new TestConnection();
    await server.sessions.begin(peer, wanted);
    await server.sessions.receive(peer, SESSION, chunkAt(0, 100));
    await server.takeOverElsewhere(SESSION);
    const flush = { offset: 100, chunk: Buffer.alloc(0), crc32: 0, last: false };
    await expect(server.sessions.receive(peer, SESSION, flush)).rejects.toMatchObject({ code: 'SESSION_TAKEN_OVER' });
    await server.sessions.drain();
    expect(peer.error).toMatchObject({ code: 'SESSION_TAKEN_OVER' });
    expect(await readdir(join(dataDir, 'partial'))).toHaveLength(1);
    await server.leave();
  });

  it('tells every chunk behind the one that ended the session why it ended', async () => {
    const server = await Server.start(dataDir);
    const peer = new TestConnection();
    await server.sessions.begin(peer, wanted);
    const tooMuch = Buffer.alloc(CONTENT.length + 1);
    const chunks = [
      { offset: 0, chunk: tooMuch, crc32: crc32(tooMuch), last: false },
      { offset: tooMuch.length, chunk: tooMuch, crc32: crc32(tooMuch), last: false },
    ];
    const outcomes = await Promise.allSettled(chunks.map((chunk) => server.sessions.receive(peer, SESSION, chunk)));
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual([
      'SIZE_MISMATCH',
      'SIZE_MISMATCH',
    ]);
    await server.stop();
  });
});
