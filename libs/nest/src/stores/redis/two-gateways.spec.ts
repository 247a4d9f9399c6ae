import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { UploadError } from '@upload-streams/protocol';
import { RedisServer } from '@upload-streams/testing';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { UploadPolicy } from '../../contracts/upload-policy.js';
import type { SessionService } from '../../session/session.service.js';
import { DiskStorage } from '../disk/disk-storage.js';
import { describeWhere } from '../../testing/describe-where.js';
import { openSessionGateway } from '../../testing/session-gateway.js';
import { TestConnection } from '../../testing/test-connection.js';
import { resolveUploadOptions } from '../../upload-options.js';
import { RedisConnection } from './redis-connection.js';
import { RedisHandover } from './redis-handover.js';
import { RedisUploadStore } from './redis-upload-store.js';
import { busyMessages } from './testing/busy-messages.js';

const SESSION = 'a-session-of-two-gateways';
const CONTENT = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7919) % 256));
const WANTED = { resumable: true, sessionID: SESSION, fileName: 'model.bin', size: CONTENT.length };

const flushAt = (offset: number) => ({ offset, chunk: Buffer.alloc(0), crc32: 0, last: false });
const chunkAt = (offset: number, end: number) => {
  const chunk = CONTENT.subarray(offset, end);
  return { offset, chunk, crc32: crc32(chunk), last: end === CONTENT.length, fileCrc32: crc32(CONTENT) };
};

describeWhere(RedisServer.isInstalled, 'Redis', 'apt-get install redis-server', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());

  describe('two gateways on one Redis and one folder', () => {
    let dataDir: string;
    let prefix: string;
    let closers: (() => Promise<unknown>)[];

    beforeEach(async () => {
      dataDir = await mkdtemp(join(tmpdir(), 'two-gateways-'));
      prefix = `{${randomUUID()}}:`;
      closers = [];
    });
    afterEach(async () => {
      for (const close of closers.reverse()) await close();
      await rm(dataDir, { recursive: true });
    });

    /** A gateway without its sockets. */
    async function gateway(policy: UploadPolicy = {}) {
      const options = resolveUploadOptions({ dataDir });
      const redis = await RedisConnection.open({ url: server.url, prefix });
      const nodeId = randomUUID();
      const store = new RedisUploadStore(redis, nodeId, options.sessionTtlMs);
      const handover = new RedisHandover(redis, nodeId);
      const disk = new DiskStorage(dataDir);
      const { sessions } = await openSessionGateway(dataDir, { store, backend: disk, policy, handover });
      closers.push(async () => {
        await sessions.drain();
        await handover.close();
        await store.close();
        await disk.close();
      });
      return { sessions, store, handover, redis };
    }

    /** Two of them, of which the first one has a session with 400 bytes. */
    async function begun(policy?: UploadPolicy) {
      const [a, b] = [await gateway(policy), await gateway()];
      const [peer, other] = [new TestConnection(), new TestConnection()];
      await a.sessions.begin(peer, WANTED);
      await a.sessions.receive(peer, SESSION, chunkAt(0, 400));
      return { a, b, peer, other };
    }

    /** The file is the whole content, whatever gateways it came over. */
    async function finish(sessions: SessionService, peer: TestConnection, from: number): Promise<void> {
      await sessions.receive(peer, SESSION, chunkAt(from, CONTENT.length));
      const { fileId, fileName } = await peer.ended;
      expect((await readFile(join(dataDir, 'files', fileId, fileName))).equals(CONTENT)).toBe(true);
      expect(await readdir(join(dataDir, 'partial'))).toEqual([]);
    }

    it('hand a live session over, with all that was acknowledged', async () => {
      const { a, b, peer, other } = await begun();
      const went = await b.sessions.begin(other, WANTED);
      expect(went).toMatchObject({ offset: 400, durable: 400, prefixCrc32: crc32(CONTENT.subarray(0, 400)) });
      expect(peer.errors).toEqual(['SESSION_TAKEN_OVER']);
      expect(a.sessions.liveCount).toBe(0);
      await expect(a.sessions.receive(peer, SESSION, chunkAt(400, 500))).rejects.toBeInstanceOf(UploadError);
      await finish(b.sessions, other, 400);
    });

    it('hand it back and forth, also to many who ask at once', async () => {
      const { a, b } = await begun();
      const begins = Array.from({ length: 20 }, (_, index) =>
        [a, b][index % 2]!.sessions.begin(new TestConnection(), WANTED),
      );
      for (const went of await Promise.all(begins)) expect(went).toMatchObject({ offset: 400 });
      const last = new TestConnection();
      expect(await a.sessions.begin(last, WANTED)).toMatchObject({ offset: 400 });
      await finish(a.sessions, last, 400);
    });

    it('wait for the other one that is completing the file, for longer than for a silent one', async () => {
      const [inspecting, inspected] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const inspect = async () => {
        inspecting.resolve();
        await inspected.promise;
      };
      const { a, b, peer, other } = await begun({ inspect });
      await a.sessions.receive(peer, SESSION, chunkAt(400, CONTENT.length));
      await inspecting.promise;
      const asked = b.sessions.begin(other, WANTED);
      // Longer than the silence that ends the wait for a node that says nothing.
      await busyMessages(a.redis, prefix, 5);
      inspected.resolve();
      const { fileId } = await peer.ended;
      expect(await asked).toMatchObject({ completed: { fileId } });
      expect(peer.errors).toEqual([]);
    });

    it('lose nothing where a session is handed over while its last byte is written', async () => {
      const { a, b, peer, other } = await begun();
      const last = a.sessions.receive(peer, SESSION, chunkAt(400, CONTENT.length));
      // It is on its way to the disk then, and the request of the other one comes before it is there.
      await new Promise((resolve) => process.nextTick(resolve));
      await Promise.all([last, a.sessions.yield(SESSION)]);
      const went = await b.sessions.begin(other, WANTED);
      expect(went).toMatchObject({ offset: CONTENT.length, durable: CONTENT.length });
      await finish(b.sessions, other, CONTENT.length);
      expect(peer.errors).toEqual(['SESSION_TAKEN_OVER']);
    });

    it('leave a session to the other one that took it over without being able to ask', async () => {
      const { a, b, peer, other } = await begun();
      await a.sessions.receive(peer, SESSION, flushAt(400));
      await a.handover.close();
      expect(await b.sessions.begin(other, WANTED)).toMatchObject({ offset: 400 });
      await a.sessions.receive(peer, SESSION, chunkAt(400, 500));
      await expect(a.sessions.receive(peer, SESSION, flushAt(500))).rejects.toMatchObject({
        code: 'SESSION_TAKEN_OVER',
      });
      await a.sessions.drain();
      expect(peer.errors).toEqual(['SESSION_TAKEN_OVER']);
      await finish(b.sessions, other, 400);
    });

    it('drop nothing of a session that the other one has by now', async () => {
      const { a, b, peer, other } = await begun();
      await a.sessions.receive(peer, SESSION, flushAt(400));
      await a.handover.close();
      await b.sessions.begin(other, WANTED);
      const wrong = { ...chunkAt(400, CONTENT.length), fileCrc32: 1 };
      await expect(a.sessions.receive(peer, SESSION, wrong)).rejects.toBeInstanceOf(UploadError);
      expect(await b.store.find(SESSION)).toMatchObject({ epoch: 2 });
      expect(await readdir(join(dataDir, 'partial'))).toHaveLength(1);
      await finish(b.sessions, other, 400);
    });

    it('cancel what the other one has, for its owner only; nobody else disturbs an upload', async () => {
      const { a, b, peer } = await begun();
      await expect(b.sessions.cancel('eve', SESSION)).rejects.toMatchObject({ code: 'SESSION_FORBIDDEN' });
      await expect(b.sessions.begin(new TestConnection('eve'), WANTED)).rejects.toMatchObject({
        code: 'SESSION_FORBIDDEN',
      });
      expect(peer.errors).toEqual([]);
      expect(a.sessions.liveCount).toBe(1);
      await b.sessions.cancel('alice', SESSION);
      expect(a.sessions.liveCount).toBe(0);
      expect(peer.errors).toHaveLength(1);
      expect(await b.store.find(SESSION)).toBeUndefined();
      expect(await readdir(join(dataDir, 'partial'))).toEqual([]);
    });

    it('let no session expire that is live on the other one, although nothing moves', async () => {
      const { a, b, peer } = await begun();
      const { epoch, checkpoint } = (await a.store.find(SESSION))!;
      await a.store.saveCheckpoint(SESSION, epoch, checkpoint, Date.now() - 10_000);
      await a.sessions.keepAlive();
      expect(await b.store.findIdle(Date.now() - 5000, 10)).toEqual([]);
      expect(await b.sessions.expire(SESSION, Date.now() - 5000)).toBe('kept');
      expect(await a.sessions.receive(peer, SESSION, chunkAt(400, 500))).toMatchObject({ offset: 500 });
    });

    it('write down all other sessions when they stop, where one was lost', async () => {
      const { a, b, peer, other } = await begun();
      const second = { ...WANTED, sessionID: 'a-second-session-of-both' };
      await a.handover.close();
      await b.sessions.begin(other, WANTED);
      await a.sessions.begin(peer, second);
      await a.sessions.receive(peer, second.sessionID, chunkAt(0, 400));
      await a.sessions.drain();
      expect(await b.store.find(second.sessionID)).toMatchObject({ checkpoint: { offset: 400 } });
      expect(a.sessions.liveCount).toBe(0);
    });
  });
});
