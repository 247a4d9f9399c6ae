import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { RedisServer } from '@upload-streams/testing';
import { randomUUID } from 'node:crypto';
import { describeWhere } from '../../testing/describe-where.js';
import { sessionOf } from '../../testing/session-records.js';
import { RedisConnection } from './redis-connection.js';
import { RedisHandover } from './redis-handover.js';
import { RedisUploadStore } from './redis-upload-store.js';
import { busyMessages } from './testing/busy-messages.js';

const HOUR_MS = 3_600_000;
const SESSION = sessionOf(1);

/** A gateway, as far as sessions go from one to another. */
interface Node {
  readonly nodeId: string;
  readonly redis: RedisConnection;
  readonly store: RedisUploadStore;
  readonly handover: RedisHandover;
}

describeWhere(RedisServer.isInstalled, 'Redis', 'apt-get install redis-server', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());

  describe('RedisHandover', () => {
    let prefix: string;
    let closers: (() => Promise<void>)[];

    beforeEach(() => {
      prefix = `{${randomUUID()}}:`;
      closers = [];
    });
    afterEach(async () => {
      for (const close of closers) await close();
    });

    async function nodeThat(yieldSession: (sessionID: string) => Promise<void>, url = server.url): Promise<Node> {
      const redis = await RedisConnection.open({ url, prefix });
      const nodeId = randomUUID();
      const node = {
        nodeId,
        redis,
        store: new RedisUploadStore(redis, nodeId, HOUR_MS),
        handover: new RedisHandover(redis, nodeId),
      };
      await node.handover.listen(yieldSession);
      closers.push(
        () => node.handover.close(),
        () => node.store.close(),
      );
      return node;
    }

    const nothing = async () => undefined;

    it('waits until the node that holds a session has let go of it', async () => {
      const asked = Promise.withResolvers<string>();
      const released = Promise.withResolvers<void>();
      const holder = await nodeThat((sessionID) => {
        asked.resolve(sessionID);
        return released.promise;
      });
      const { handover } = await nodeThat(nothing);
      await holder.store.create(SESSION);
      const events: string[] = [];
      const request = handover.request(SESSION.sessionID).then((changed) => events.push(`request: ${changed}`));
      expect(await asked.promise).toBe(SESSION.sessionID);
      events.push('released');
      released.resolve();
      await request;
      expect(events).toEqual(['released', 'request: true']);
    });

    it('waits for longer than a silence where the holder says that it is about to', async () => {
      const done: string[] = [];
      const holder = await nodeThat(async () => {
        // Longer than the silence that ends the wait for a node that says nothing.
        await busyMessages(holder.redis, prefix, 5);
        done.push('put together');
      });
      const { handover } = await nodeThat(nothing);
      await holder.store.create(SESSION);
      await handover.request(SESSION.sessionID);
      expect(done).toEqual(['put together']);
    });

    it('does not wait for a node that is gone', async () => {
      const holder = await nodeThat(nothing);
      const { handover } = await nodeThat(nothing);
      await holder.store.create(SESSION);
      await holder.handover.close();
      const started = performance.now();
      expect(await handover.request(SESSION.sessionID)).toBe(true);
      expect(performance.now() - started).toBeLessThan(500);
    });

    it('waits no longer than a second for a node that lives and does not answer', async () => {
      const holder = await nodeThat(nothing);
      const { handover, store } = await nodeThat(nothing);
      await holder.store.create(SESSION);
      await holder.handover.close();
      // Subscribed to the holder's channel, and as silent as a process that is frozen.
      const frozen = await RedisConnection.open({ url: server.url });
      closers.push(() => frozen.close());
      const nodeId = await frozen.client.hGet(`${prefix}session:${SESSION.sessionID}`, 'holder');
      await frozen.client.subscribe(`${prefix}node:${nodeId}`, () => undefined);
      const started = performance.now();
      await handover.request(SESSION.sessionID);
      expect(performance.now() - started).toBeLessThan(2000);
      expect(await store.takeOver(SESSION.sessionID, 2000)).toMatchObject({ epoch: 2 });
    });

    it('asks nobody for a session of its own, or one that nobody has', async () => {
      const { handover, store } = await nodeThat(() => Promise.reject(new Error('asked itself')));
      await store.create(SESSION);
      expect(await handover.request(SESSION.sessionID)).toBe(false);
      expect(await handover.request('unknown')).toBe(false);
    });

    it('is done at once where the other node could not write down what it had', async () => {
      const holder = await nodeThat(() => Promise.reject(new Error('the disk is full')));
      const { handover } = await nodeThat(nothing);
      await holder.store.create(SESSION);
      const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
      const started = performance.now();
      await handover.request(SESSION.sessionID);
      expect(performance.now() - started).toBeLessThan(500);
      expect(warn).toHaveBeenCalledTimes(1);
      warn.mockRestore();
    });

    it('hears that it is done right behind that it is about to be', async () => {
      const { handover } = await nodeThat(nothing);
      const other = await RedisConnection.open({ url: server.url, prefix });
      const ears = other.client.duplicate();
      closers.push(
        () => other.close(),
        async () => ears.destroy(),
      );
      await ears.connect();
      await ears.subscribe(`${prefix}node:other`, (text) => {
        const { id, from } = JSON.parse(text) as { id: string; from: string };
        for (const what of ['busy', 'done'])
          void other.client.publish(`${prefix}node:${from}`, JSON.stringify({ what, id }));
      });
      await new RedisUploadStore(other, 'other', HOUR_MS).create(SESSION);
      const started = performance.now();
      await handover.request(SESSION.sessionID);
      expect(performance.now() - started).toBeLessThan(500);
    });

    it('takes no harm from what is no message of ours', async () => {
      const asked: string[] = [];
      const holder = await nodeThat(async (sessionID) => void asked.push(sessionID));
      const { handover, redis } = await nodeThat(nothing);
      await holder.store.create(SESSION);
      for (const text of ['garbage', 'null', '1', '{}', '[]', '{"what":"request","id":"1"}', '{"what":"done","id":{}}'])
        await redis.client.publish(`${prefix}node:${holder.nodeId}`, text);
      await handover.request(SESSION.sessionID);
      expect(asked).toEqual([SESSION.sessionID]);
    });

    it('can be asked again after Redis was away', async () => {
      const own = await RedisServer.start();
      closers.push(() => own.close());
      const asked: string[] = [];
      const holder = await nodeThat(async (sessionID) => void asked.push(sessionID), own.url);
      const { handover, redis } = await nodeThat(nothing, own.url);
      await holder.store.create(SESSION);
      await own.stop('SIGKILL');
      await own.startAgain();
      const channel = `${prefix}node:${holder.nodeId}`;
      const listeners = () => redis.call(() => redis.client.pubSubNumSub([channel]));
      while ((await listeners())[channel] !== 1) await redis.check().catch(() => undefined);
      expect(await handover.request(SESSION.sessionID)).toBe(true);
      expect(asked).toEqual([SESSION.sessionID]);
    });

    it('asks who took the session over last', async () => {
      const asked: string[] = [];
      const first = await nodeThat(async () => void asked.push('first'));
      const second = await nodeThat(async () => void asked.push('second'));
      const { handover } = await nodeThat(nothing);
      await first.store.create(SESSION);
      await second.store.takeOver(SESSION.sessionID, 2000);
      await handover.request(SESSION.sessionID);
      expect(asked).toEqual(['second']);
    });
  });
});
