import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RedisServer } from '@upload-streams/testing';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { UploadPolicy } from '../../contracts/upload-policy.js';
import { DiskStorage } from '../disk/disk-storage.js';
import { describeWhere } from '../../testing/describe-where.js';
import { openSessionGateway } from '../../testing/session-gateway.js';
import { TestConnection } from '../../testing/test-connection.js';
import { RedisConnection } from './redis-connection.js';
import { RedisUploadStore } from './redis-upload-store.js';

const HOUR_MS = 3_600_000;
const SESSION = 'a-session-in-frozen-redis';
const CONTENT = Buffer.from(Array.from({ length: 1000 }, (_, index) => (index * 7919) % 256));
const WANTED = { resumable: true, sessionID: SESSION, fileName: 'model.bin', size: CONTENT.length };

const chunkAt = (offset: number, end: number) => {
  const chunk = Buffer.from(CONTENT.subarray(offset, end));
  return { offset, chunk, crc32: crc32(chunk), last: end === CONTENT.length, fileCrc32: crc32(CONTENT) };
};
const flushAt = (offset: number) => ({ offset, chunk: Buffer.alloc(0), crc32: 0, last: false });

describeWhere(RedisServer.isInstalled, 'Redis', 'apt-get install redis-server', () => {
  describe('a Redis that stops to answer, or loses what it had', () => {
    let server: RedisServer;
    let dataDir: string;
    let closers: (() => Promise<unknown>)[];

    beforeEach(async () => {
      server = await RedisServer.start();
      dataDir = await mkdtemp(join(tmpdir(), 'frozen-redis-'));
      closers = [() => rm(dataDir, { recursive: true }), () => server.close()];
      for (const level of ['log', 'warn', 'error'] as const) {
        jest.spyOn(Logger.prototype, level).mockReturnValue(undefined);
      }
    });
    afterEach(async () => {
      for (const close of closers.reverse()) await close();
      jest.restoreAllMocks();
    });

    async function gateway(policy: UploadPolicy = {}) {
      const options = { url: server.url, prefix: '{test}:', unavailableTimeoutMs: 100 };
      const redis = await RedisConnection.open(options);
      const store = new RedisUploadStore(redis, randomUUID(), HOUR_MS);
      const disk = new DiskStorage(dataDir);
      closers.push(() => Promise.all([store.close(), disk.close()]));
      return { ...(await openSessionGateway(dataDir, { store, backend: disk, policy })), store, redis };
    }

    const storedFile = async (store: RedisUploadStore) => {
      const file = await store.findFileOfSession(SESSION);
      return file && readFile(join(dataDir, 'files', file.fileId, file.fileName));
    };
    const freezeOnce = (): UploadPolicy => {
      let times = 0;
      return { inspect: () => (times++ === 0 ? server.freeze() : undefined) };
    };

    it('leaves a small file its bytes that enters the catalogue after its client was told of a failure', async () => {
      const { sessions, store } = await gateway(freezeOnce());
      const whole = chunkAt(0, CONTENT.length);
      await expect(sessions.begin(new TestConnection(), WANTED, whole)).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
      });
      server.thaw();
      await store.findFile('any');
      const { completed } = await sessions.begin(new TestConnection(), WANTED, chunkAt(0, CONTENT.length));
      expect(completed).toMatchObject({ size: CONTENT.length });
      expect(await storedFile(store)).toEqual(CONTENT);
    }, 30_000);

    it('leaves a large file its bytes that is completed after its client was told of a failure', async () => {
      const { sessions, store } = await gateway(freezeOnce());
      const peer = new TestConnection();
      await sessions.begin(peer, WANTED);
      await sessions.receive(peer, SESSION, chunkAt(0, CONTENT.length));
      await expect(peer.ended).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
      server.thaw();
      await store.findFile('any');
      const again = new TestConnection();
      const begun = await sessions.begin(again, WANTED);
      if (!begun.completed) {
        expect(begun.offset).toBe(CONTENT.length);
        await sessions.receive(again, SESSION, { ...chunkAt(CONTENT.length, CONTENT.length), last: true });
        await again.ended;
      }
      expect(await storedFile(store)).toEqual(CONTENT);
    }, 30_000);

    it.each([
      ['at its next note', 400],
      ['at its completion', CONTENT.length],
    ])('tells a client whose session is gone so, %s, who begins it anew', async (_, end) => {
      const { sessions, store, redis } = await gateway();
      const peer = new TestConnection();
      await sessions.begin(peer, WANTED);
      await sessions.receive(peer, SESSION, chunkAt(0, 300));
      await redis.client.flushAll();
      const sent = sessions.receive(peer, SESSION, chunkAt(300, end));
      const ended = async () => {
        await sent;
        await (end < CONTENT.length ? sessions.receive(peer, SESSION, flushAt(end)) : peer.ended);
      };
      await expect(ended()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
      await expect(peer.ended).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
      expect(Logger.prototype.error).toHaveBeenCalledWith(expect.stringContaining('missing in the session store'));
      const again = new TestConnection();
      expect(await sessions.begin(again, WANTED)).toMatchObject({ offset: 0 });
      await sessions.receive(again, SESSION, chunkAt(0, CONTENT.length));
      await again.ended;
      expect(await storedFile(store)).toEqual(CONTENT);
    });
  });
});
