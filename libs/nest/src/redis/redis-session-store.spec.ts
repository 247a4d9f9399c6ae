import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy, RedisServer } from '@upload-streams/testing';
import { randomUUID } from 'node:crypto';
import { describeSessionStore } from '../testing/describe-session-store.js';
import { fileOf, sessionOf as session } from '../testing/session-records.js';
import { describeWhere } from '../testing/describe-where.js';
import { RedisConnection } from './redis-connection.js';
import { RedisSessionStore } from './redis-session-store.js';

const HOUR_MS = 3_600_000;

describeWhere(RedisServer.isInstalled, 'Redis', 'apt-get install redis-server', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());

  /** Stores that share what they have, each with a connection of its own. */
  function nodesOn(url = server.url, prefix = `{${randomUUID()}}:`) {
    const open: RedisSessionStore[] = [];
    const connect = async (sessionTtlMs = HOUR_MS) => {
      const redis = await RedisConnection.open({ url, prefix, sessionTtlMs, startTimeoutMs: 2000 });
      const store = new RedisSessionStore(redis, randomUUID(), sessionTtlMs);
      open.push(store);
      return { store, redis };
    };
    return { connect, close: () => Promise.all(open.map((store) => store.close())) };
  }

  describeSessionStore('RedisSessionStore', async () => {
    const nodes = nodesOn();
    const { store } = await nodes.connect();
    return { store, reopen: async () => (await nodes.connect()).store, close: async () => void (await nodes.close()) };
  });

  describe('RedisSessionStore', () => {
    let nodes: ReturnType<typeof nodesOn>;

    beforeEach(() => {
      nodes = nodesOn();
    });
    afterEach(async () => {
      await nodes.close();
    });

    it('lets one of two nodes complete a session that both hold', async () => {
      const [a, b] = await Promise.all([nodes.connect(), nodes.connect()]);
      for (let number = 1; number <= 50; number++) {
        const record = session(number);
        await a.store.create(record);
        const [first, second] = await Promise.all([
          a.store.complete(1, fileOf(record)),
          b.store.takeOver(record.sessionID, 2000).then(() => b.store.complete(2, fileOf(record))),
        ]);
        expect([first, second].filter(Boolean)).toHaveLength(1);
      }
      expect((await b.store.listFiles('alice', 100)).files).toHaveLength(50);
    });

    it('forgets a session long after the sweep should have removed it, and its place among the idle ones', async () => {
      const { store, redis } = await nodes.connect(50);
      await store.create(session(1));
      await store.checkpoint(session(1).sessionID, 1, { offset: 1, crc32: 1 }, 1500);
      expect(await redis.client.pTTL(`${redis.prefix}session:${session(1).sessionID}`)).toBeGreaterThan(50);
      await redis.client.del(`${redis.prefix}session:${session(1).sessionID}`);
      expect(await store.findIdle(9_000, 10)).toEqual([]);
      expect(await redis.client.zCard(`${redis.prefix}idle`)).toBe(0);
    });

    it('keeps the catalogue for good', async () => {
      const { store, redis } = await nodes.connect(50);
      await store.add(fileOf(session(1)));
      expect(await redis.client.ttl(`${redis.prefix}file:file1`)).toBe(-1);
    });

    it('says in one sentence that nobody answers', async () => {
      const nobody = nodesOn('redis://user:secret@127.0.0.1:1');
      await expect(nobody.connect()).rejects.toThrow(/^Redis at 127\.0\.0\.1:1 can't be used: no answer within 2 s$/);
    });

    it('says in one sentence that the password is wrong, and does not wait for it to become right', async () => {
      const guarded = await RedisServer.start('--requirepass', 'right');
      const started = performance.now();
      try {
        const wrong = nodesOn(guarded.url.replace('//', '//:wrong@'));
        await expect(wrong.connect()).rejects.toThrow(/^Redis at [\d.:]+ can't be used: .*(WRONGPASS|invalid)/);
        expect(performance.now() - started).toBeLessThan(1500);
      } finally {
        await guarded.close();
      }
    });

    describe('while Redis is away', () => {
      let own: RedisServer;
      let ownNodes: ReturnType<typeof nodesOn>;

      beforeEach(async () => {
        own = await RedisServer.start();
        ownNodes = nodesOn(own.url);
      });
      afterEach(async () => {
        await ownNodes.close();
        await own.close();
      });

      it('waits with every call and goes on, with all that it had', async () => {
        const { store } = await ownNodes.connect();
        await store.create(session(1));
        await own.stop('SIGKILL');
        const calls = [
          store.takeOver(session(1).sessionID, 2000),
          store.create(session(2)),
          store.find(session(1).sessionID),
          store.add(fileOf(session(3))),
        ];
        await expect(store.check()).rejects.toThrow();
        await own.startAgain();
        expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual(Array(4).fill('fulfilled'));
        expect(await store.find(session(1).sessionID)).toMatchObject({ epoch: 2 });
        expect(await store.complete(2, fileOf(session(1)))).toBe(true);
      });

      it('fails after a while, as something that may work later', async () => {
        const redis = await RedisConnection.open({ url: own.url, sessionTtlMs: HOUR_MS, unavailableTimeoutMs: 200 });
        const store = new RedisSessionStore(redis, 'node', HOUR_MS);
        await own.stop('SIGKILL');
        await expect(store.find('x')).rejects.toMatchObject({ code: 'STORAGE_FAILED', recovery: 'retry' });
        await store.close();
      });
    });

    it('changes nothing twice where answers are lost with the connection', async () => {
      const proxy = await FaultProxy.open({ port: server.port });
      const shaky = nodesOn(`redis://127.0.0.1:${proxy.port}`);
      try {
        const { store } = await shaky.connect();
        const loseAnswer = () =>
          proxy.connections.forEach((connection) => connection.after('downstream', 0, () => connection.cut()));
        for (let number = 1; number <= 10; number++) {
          const record = session(number);
          loseAnswer();
          await store.create(record);
          loseAnswer();
          expect(await store.complete(1, fileOf(record))).toBe(true);
          loseAnswer();
          await store.add({ ...fileOf(session(number + 100)), owner: 'bob' });
          loseAnswer();
          expect(await store.removeFile(`file${number + 100}`)).toBe(true);
        }
        expect(proxy.connectionCount).toBeGreaterThan(20);
        expect((await store.listFiles('alice', 100)).files).toHaveLength(10);
        expect((await store.listFiles('bob', 100)).files).toHaveLength(0);
      } finally {
        await shaky.close();
        await proxy.close();
      }
    });
  });
});
