import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy, RedisServer } from '@upload-streams/testing';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describeUploadStore } from '../../testing/describe-upload-store.js';
import { describeWhere } from '../../testing/describe-where.js';
import { fileOf, sessionOf as session } from '../../testing/session-records.js';
import { RedisConnection } from './redis-connection.js';
import { RedisUploadStore } from './redis-upload-store.js';

const HOUR_MS = 3_600_000;

/** Looks again every few milliseconds, since nothing tells of it. */
async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(20);
}

describeWhere(RedisServer.isInstalled, 'Redis', 'apt-get install redis-server', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());

  /** Stores that share what they have, each with a connection of its own. */
  function nodesOn(url = server.url, prefix = `{${randomUUID()}}:`) {
    const open: RedisUploadStore[] = [];
    const connect = async (sessionTtlMs = HOUR_MS) => {
      const redis = await RedisConnection.open({ url, prefix });
      const store = new RedisUploadStore(redis, randomUUID(), sessionTtlMs);
      open.push(store);
      return { store, redis };
    };
    return { connect, close: () => Promise.all(open.map((store) => store.close())) };
  }

  describeUploadStore('RedisUploadStore', async () => {
    const nodes = nodesOn();
    const { store } = await nodes.connect();
    return { store, reopen: async () => (await nodes.connect()).store, close: async () => void (await nodes.close()) };
  });

  describe('RedisUploadStore', () => {
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
        expect([first, second].sort()).toEqual(['completed', 'fenced']);
      }
      expect((await b.store.listFiles('alice', 100)).files).toHaveLength(50);
    });

    it('gives 200 takeovers by two nodes at once an epoch each', async () => {
      const [a, b] = await Promise.all([nodes.connect(), nodes.connect()]);
      await a.store.create(session(1));
      const taking = Array.from({ length: 200 }, (_, index) =>
        (index % 2 ? a : b).store.takeOver(session(1).sessionID, 2000),
      );
      const epochs = (await Promise.all(taking)).map(({ epoch }) => epoch).sort((x, y) => x - y);
      expect(epochs).toEqual(Array.from({ length: 200 }, (_, index) => index + 2));
    });

    it('lets one of two nodes create a session, add a file, or remove either', async () => {
      const [a, b] = await Promise.all([nodes.connect(), nodes.connect()]);
      const both = (work: (store: RedisUploadStore) => Promise<unknown>) => [work(a.store), work(b.store)];
      for (let number = 1; number <= 20; number++) {
        const [record, file] = [session(number), fileOf(session(number + 100))];
        expect((await Promise.all(both((store) => store.create(record)))).sort()).toEqual(['created', 'exists']);
        expect((await Promise.all(both((store) => store.addFile(file)))).sort()).toEqual(['added', 'exists']);
        expect((await Promise.all(both((store) => store.remove(record.sessionID)))).sort()).toEqual([false, true]);
        expect((await Promise.all(both((store) => store.removeFile(file.fileId)))).sort()).toEqual([false, true]);
      }
    });

    it('completes no session of which a file came whole meanwhile', async () => {
      const { store } = await nodes.connect();
      await store.create(session(1));
      await store.addFile({ ...fileOf(session(1)), fileId: 'whole' });
      expect(await store.complete(1, fileOf(session(1)))).toBe('exists');
      expect((await store.listFiles('alice', 9)).files.map(({ fileId }) => fileId)).toEqual(['whole']);
      expect(await store.find(session(1).sessionID)).toMatchObject({ completed: false });
    });

    describe('in time', () => {
      const keysOf = async (redis: RedisConnection) => {
        const keys = await redis.client.keys(`${redis.prefix}*`);
        return new Map(
          await Promise.all(
            keys.map(async (key) => [key.slice(redis.prefix.length), await redis.client.pTTL(key)] as const),
          ),
        );
      };
      /** As if the time were over: nobody waits for two hours here. */
      const letExpire = async (redis: RedisConnection) => {
        const keys = await redis.client.keys(`${redis.prefix}*`);
        await Promise.all(keys.map(async (key) => (await redis.client.ttl(key)) > 0 && redis.client.del(key)));
      };

      it('keeps sessions for longer than the sweep leaves them, completed ones too, and the catalogue for good', async () => {
        const { store, redis } = await nodes.connect(50);
        for (const number of [1, 2, 3]) await store.create(session(number));
        await store.complete(1, fileOf(session(2)));
        await store.takeOver(session(3).sessionID, 2000);
        const ttls = await keysOf(redis);
        for (const [key, ttlMs] of ttls) {
          if (/^(session|bytes):/.test(key)) {
            expect(ttlMs).toBeGreaterThan(HOUR_MS - 5000);
            expect(ttlMs).toBeLessThanOrEqual(HOUR_MS + 100);
          } else if (/^call:/.test(key)) expect(ttlMs).toBeGreaterThan(500_000);
          else expect([key, ttlMs]).toEqual([key, -1]);
        }
        expect([...ttls.keys()].filter((key) => !key.startsWith('call:')).sort()).toEqual([
          'bytes:file1',
          'bytes:file3',
          'file-of:session-00000000000002',
          'file:file2',
          'idle',
          'owner:alice',
          'sequence',
          'session:session-00000000000001',
          'session:session-00000000000002',
          'session:session-00000000000003',
        ]);
      });

      it('keeps a session that moves on', async () => {
        const { store, redis } = await nodes.connect();
        await store.create(session(1));
        for (const change of [
          () => store.takeOver(session(1).sessionID, 2000),
          () => store.saveCheckpoint(session(1).sessionID, 2, { offset: 1, crc32: 1 }, 3000),
        ]) {
          for (const key of ['session:session-00000000000001', 'bytes:file1'])
            await redis.client.pExpire(redis.prefix + key, 60_000);
          await change();
          const ttls = await keysOf(redis);
          expect(Math.min(ttls.get('session:session-00000000000001')!, ttls.get('bytes:file1')!)).toBeGreaterThan(
            HOUR_MS,
          );
        }
      });

      it('leaves nothing of sessions that expired among the idle ones, however many they are', async () => {
        const { store, redis } = await nodes.connect();
        for (const number of [1, 2, 3, 4]) await store.create(session(number));
        await letExpire(redis);
        await store.create(session(5));
        expect(await store.isKnown('file1')).toBe(false);
        for (let sweep = 0; sweep < 2; sweep++) await store.findIdle(9000, 2);
        expect((await store.findIdle(9000, 2)).map(({ fileId }) => fileId)).toEqual(['file5']);
        expect(await redis.client.zRange(`${redis.prefix}idle`, 0, -1)).toEqual([session(5).sessionID]);
      });
    });

    describe('where others wrote to Redis', () => {
      it('reads files of earlier versions, which had the stored name in them', async () => {
        const { store, redis } = await nodes.connect();
        const file = fileOf(session(1));
        await redis.client.set(`${redis.prefix}file:${file.fileId}`, JSON.stringify({ ...file, storedName: 'a.txt' }));
        expect(await store.findFile(file.fileId)).toEqual(file);
      });

      it('writes files that earlier versions can read', async () => {
        const { store, redis } = await nodes.connect();
        await store.addFile(fileOf(session(1)));
        const text = await redis.client.get(`${redis.prefix}file:${fileOf(session(1)).fileId}`);
        expect(JSON.parse(text!)).toMatchObject({ storedName: expect.any(String) });
        expect(await store.findFile(fileOf(session(1)).fileId)).not.toHaveProperty('storedName');
      });

      it('says which record is not valid, and why', async () => {
        const { store, redis } = await nodes.connect();
        await store.create(session(1));
        await redis.client.hSet(`${redis.prefix}session:${session(1).sessionID}`, { offset: 'x' });
        await expect(store.find(session(1).sessionID)).rejects.toThrow(
          'Redis holds a session that is not valid (session-00000000000001: checkpoint)',
        );
        await redis.client.set(`${redis.prefix}file:a`, '{"fileId":"a"}');
        await expect(store.findFile('a')).rejects.toThrow(
          /^Redis holds a file that is not valid \(a: sessionID, owner/,
        );
        await redis.client.set(`${redis.prefix}file:a`, 'not JSON');
        await expect(store.findFile('a')).rejects.toThrow(/^Redis holds a file that is not valid/);
      });

      it('still finds and lists the others', async () => {
        const { store, redis } = await nodes.connect();
        for (const number of [1, 2]) await store.create(session(number));
        await redis.client.hSet(`${redis.prefix}session:${session(1).sessionID}`, { record: '[' });
        expect((await store.findIdle(9000, 9)).map(({ fileId }) => fileId)).toEqual(['file2']);
        for (const number of [3, 4, 5, 6, 7]) await store.addFile(fileOf(session(number)));
        await redis.client.set(`${redis.prefix}file:file7`, '{}');
        await redis.client.del([`${redis.prefix}file:file6`, `${redis.prefix}file:file4`]);
        const first = await store.listFiles('alice', 2);
        expect(first.files.map(({ fileId }) => fileId)).toEqual(['file5']);
        const second = await store.listFiles('alice', 2, first.nextCursor);
        expect(second).toMatchObject({ files: [{ fileId: 'file3' }], nextCursor: undefined });
        expect(await redis.client.zCard(`${redis.prefix}owner:alice`)).toBe(3);
      });
    });

    it('waits with every call while Redis is gone, and goes on with all that it had', async () => {
      const own = await RedisServer.start();
      const ownNodes = nodesOn(own.url);
      try {
        const { store, redis } = await ownNodes.connect();
        let stop = false;
        const uploaded: string[] = [];
        const upload = async (worker: number) => {
          for (let round = 0; !stop; round++) {
            const record = session(worker * 100_000 + round);
            await store.create(record);
            expect(await store.saveCheckpoint(record.sessionID, 1, { offset: 5, crc32: 5 }, 2000)).toBe('saved');
            const { epoch } = await store.takeOver(record.sessionID, 3000);
            expect(await store.complete(epoch, fileOf(record))).toBe('completed');
            if (round % 3 === 0) expect(await store.removeFile(record.fileId)).toBe(true);
            else uploaded.push(record.fileId);
          }
        };
        const uploads = Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(upload));
        for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
          const before = uploaded.length;
          while (uploaded.length < before + 20) await store.findFile('any');
          await own.stop(signal);
          await expect(store.check()).rejects.toThrow();
          // Calls wait while the connection is tried in vain.
          for (let attempt = 0; attempt < 3; attempt++) await once(redis.client, 'error');
          await own.startAgain();
        }
        await store.findFile('any');
        stop = true;
        await uploads;
        const { files } = await store.listFiles('alice', 100_000);
        expect(files.map(({ fileId }) => fileId).sort()).toEqual(uploaded.sort());
        expect(await redis.client.keys(`${redis.prefix}bytes:*`)).toEqual([]);
      } finally {
        await ownNodes.close();
        await own.close();
      }
    }, 30_000);

    it('changes nothing twice, and answers the same, where answers are lost with the connection', async () => {
      const proxy = await FaultProxy.open({ port: server.port });
      const shaky = nodesOn(`redis://127.0.0.1:${proxy.port}`);
      try {
        const { store, redis } = await shaky.connect();
        let lost = 0;
        /** Redis has done the work when the first byte of its answer comes, and that is all of it that comes. */
        const losingTheAnswer = async <T>(work: () => Promise<T>): Promise<T> => {
          await redis.call(() => redis.client.ping());
          const [connection] = proxy.connections;
          connection!.after('downstream', connection!.delivered('downstream') + 1, () => {
            lost++;
            connection!.cut();
          });
          return work();
        };
        const everything = async (number: number, around: <T>(work: () => Promise<T>) => Promise<T>) => {
          const [record, other] = [session(number), session(number + 100)];
          await around(() => store.create(record));
          await around(() => store.create(other));
          expect(await around(() => store.takeOver(record.sessionID, 2000))).toMatchObject({ epoch: 2 });
          const point = { offset: 5, crc32: 5 };
          expect(await around(() => store.saveCheckpoint(record.sessionID, 2, point, 2000))).toBe('saved');
          expect(await around(() => store.complete(2, fileOf(record)))).toBe('completed');
          expect(await around(() => store.complete(2, fileOf(record)))).toBe('fenced');
          expect(await around(() => store.remove(other.sessionID, 1))).toBe(true);
          const whole = { ...fileOf(session(number + 200)), owner: 'bob' };
          expect(await around(() => store.addFile(whole))).toBe('added');
          expect(await around(() => store.removeFile(`file${number + 200}`))).toBe(true);
        };
        // Redis does not know the scripts before: its answer to the first try would say so.
        await everything(1, (work) => work());
        for (const number of [2, 3, 4]) await everything(number, losingTheAnswer);
        expect(lost).toBe(27);
        expect((await store.listFiles('alice', 100)).files).toHaveLength(4);
        expect((await store.listFiles('bob', 100)).files).toHaveLength(0);
      } finally {
        await shaky.close();
        await proxy.close();
      }
    });

    it('does nothing for a call that Redis runs late, after a repetition of it was answered', async () => {
      const own = await RedisServer.start();
      const ownNodes = nodesOn(own.url);
      try {
        const [a, b] = await Promise.all([ownNodes.connect(), ownNodes.connect()]);
        await a.store.create(session(1));
        own.freeze();
        const taken = a.store.takeOver(session(1).sessionID, 2000);
        // The first try stays in the socket of the frozen server when its connection is given up.
        await eventually(() => !a.redis.client.isReady);
        own.thaw();
        const { epoch } = await taken;
        expect(epoch).toBe(2);
        await b.redis.client.ping();
        expect(await b.store.find(session(1).sessionID)).toMatchObject({ epoch: 2 });
        expect(await a.store.saveCheckpoint(session(1).sessionID, epoch, { offset: 5, crc32: 5 }, 3000)).toBe('saved');
      } finally {
        await ownNodes.close();
        await own.close();
      }
    }, 30_000);
  });
});
