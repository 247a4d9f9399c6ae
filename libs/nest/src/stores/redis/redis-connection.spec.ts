import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { ErrorReply } from '@redis/client';
import { FaultProxy, RedisServer } from '@upload-streams/testing';
import { once } from 'node:events';
import { describeWhere } from '../../testing/describe-where.js';
import { RedisConnection } from './redis-connection.js';
import { isPassing, isRefusing } from './redis-errors.js';
import { resolveRedisOptions, type RedisOptions } from './redis-options.js';

describe('the options of Redis', () => {
  const url = 'redis://127.0.0.1';

  it('have defaults, also in place of what is undefined', () => {
    const options = { url, prefix: undefined };
    expect(resolveRedisOptions(options)).toEqual({
      url,
      prefix: '{upload-streams}:',
      unavailableTimeoutMs: 60_000,
      startTimeoutMs: 30_000,
    });
  });

  it.each([
    'redis//user:secret@host',
    'http://user:secret@host',
    'redis://user:secret@host/name',
    'redis://user:secret%zz@host',
    'redis://',
  ])('refuse the address %s in one sentence without its password', async (wrong) => {
    const error = await RedisConnection.open({ url: wrong }).catch((cause: Error) => cause);
    expect(error).toMatchObject({ message: expect.stringMatching(/^Redis: url must look like redis\[s\]:/) });
    expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toContain('secret');
  });

  it.each([{ unavailableTimeoutMs: 600_000 }, { startTimeoutMs: -1 }, { startTimeoutMs: Infinity }, { prefix: '' }])(
    'refuse %p by name',
    (wrong) => {
      expect(() => resolveRedisOptions({ url, ...wrong })).toThrow(Object.keys(wrong)[0]);
    },
  );
});

describe('what Redis answers', () => {
  it.each([
    'LOADING Redis is loading the dataset in memory',
    "READONLY You can't write against a read only replica. script: f00, on @user_script:3.",
    "ERR Error running script (call to f_00): @user_script:3: @user_script: 3: -READONLY You can't write.",
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'MASTERDOWN Link with MASTER is down',
  ])('is worth another try: %s', (message) => {
    expect(isPassing(new ErrorReply(message))).toBe(true);
  });

  it.each(['NOSCRIPT No matching script', 'WRONGTYPE Operation against a key', 'ERR unknown command'])(
    'is not: %s',
    (message) => {
      expect(isPassing(new ErrorReply(message))).toBe(false);
      expect(isRefusing(new ErrorReply(message))).toBe(false);
    },
  );
});

describeWhere(RedisServer.isInstalled, 'Redis', 'apt-get install redis-server', () => {
  let server: RedisServer;
  let closers: (() => Promise<unknown>)[];

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());
  beforeEach(() => {
    closers = [];
  });
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    jest.restoreAllMocks();
  });

  async function open(url = server.url, options: Partial<RedisOptions> = {}): Promise<RedisConnection> {
    const redis = await RedisConnection.open({ url, ...options });
    closers.push(() => redis.close());
    return redis;
  }

  async function start(...settings: string[]): Promise<RedisServer> {
    const own = await RedisServer.start(...settings);
    closers.push(() => own.close());
    return own;
  }

  async function proxyTo(target: { port: number }): Promise<FaultProxy> {
    const proxy = await FaultProxy.open(target);
    closers.push(() => proxy.close());
    return proxy;
  }

  const through = (proxy: FaultProxy) => `redis://127.0.0.1:${proxy.port}`;
  const write = (redis: RedisConnection) => redis.call(() => redis.client.set('key', 'value'));

  describe('RedisConnection', () => {
    it('says in one sentence that nobody answers, and no password', async () => {
      const nobody = RedisConnection.open({
        url: 'redis://user:secret@127.0.0.1:1',
        startTimeoutMs: 500,
      });
      await expect(nobody).rejects.toThrow(/^Redis at 127\.0\.0\.1:1 can't be used: no answer within 0\.5 s$/);
    });

    it('says in one sentence that the password is wrong, and does not wait for it to become right', async () => {
      const guarded = await start('--requirepass', 'right');
      const started = performance.now();
      await expect(open(guarded.url.replace('//', '//:wrong@'))).rejects.toThrow(
        /^Redis at [\d.:]+ can't be used: .*(WRONGPASS|invalid)/,
      );
      expect(performance.now() - started).toBeLessThan(1500);
    });

    it('comes back where a password that was right is refused for a while', async () => {
      const own = await start();
      const redis = await open(own.url);
      const admin = await open(own.url);
      const lost = once(redis.client, 'error');
      await admin.client.sendCommand(['CONFIG', 'SET', 'requirepass', 'another']);
      await admin.client.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']);
      await lost;
      await once(redis.client, 'error');
      await admin.client.sendCommand(['CONFIG', 'SET', 'requirepass', '']);
      expect(await write(redis)).toBe('OK');
    });

    it('says once that Redis is away, and once that it is back', async () => {
      const own = await start();
      const redis = await open(own.url.replace('//', '//:secret@'));
      const [warn, log] = [jest.spyOn(Logger.prototype, 'warn'), jest.spyOn(Logger.prototype, 'log')];
      await own.stop('SIGKILL');
      const calls = Array.from({ length: 20 }, () => write(redis));
      for (let failures = 0; failures < 5; failures++) await once(redis.client, 'error');
      await own.startAgain();
      await Promise.all(calls);
      expect(warn.mock.calls).toEqual([[expect.stringMatching(/^Redis is away \(.*\); uploads wait for it$/)]]);
      expect(log.mock.calls).toEqual([['Redis is back']]);
      expect(JSON.stringify(warn.mock.calls)).not.toContain('secret');
    });

    it('fails after a while, as something that may work later', async () => {
      const own = await start();
      const redis = await open(own.url, { unavailableTimeoutMs: 200 });
      await own.stop('SIGKILL');
      await expect(write(redis)).rejects.toMatchObject({ code: 'STORAGE_FAILED', recovery: 'retry' });
    });

    it('says within a second that Redis is silent, to who checks', async () => {
      const proxy = await proxyTo(server);
      const redis = await open(through(proxy));
      proxy.freeze();
      const started = performance.now();
      await expect(redis.check()).rejects.toThrow('no answer within 1 s');
      expect(performance.now() - started).toBeLessThan(1500);
    });

    it('leaves a connection that became silent, although calls go on', async () => {
      const proxy = await proxyTo(server);
      const redis = await open(through(proxy));
      const warn = jest.spyOn(Logger.prototype, 'warn');
      proxy.freeze();
      const calls = [write(redis)];
      const feed = setInterval(() => calls.push(write(redis)), 200);
      closers.push(async () => clearInterval(feed));
      expect(await calls[0]).toBe('OK');
      clearInterval(feed);
      await Promise.all(calls);
      expect(proxy.connectionCount).toBe(2);
      expect(warn.mock.calls).toEqual([['Redis is away (no answer within 5 s); uploads wait for it']]);
    }, 15_000);

    it('finds the new primary behind the same address, while the old one goes on as its replica', async () => {
      const [first, second] = [await start(), await start()];
      const target = { port: first.port };
      const redis = await open(through(await proxyTo(target)));
      const [old, next] = [await open(first.url), await open(second.url)];
      const warn = jest.spyOn(Logger.prototype, 'warn');
      await old.client.sendCommand(['REPLICAOF', '127.0.0.1', String(second.port)]);
      target.port = second.port;
      expect(await write(redis)).toBe('OK');
      expect(await next.client.get('key')).toBe('value');
      expect(warn.mock.calls.map(([sentence]) => sentence)).toEqual([expect.stringContaining('READONLY')]);
    });

    it('fails at once, as something that may work later, where Redis has no room', async () => {
      const redis = await open((await start('--maxmemory', '1')).url);
      await expect(write(redis)).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    });

    it('tells who waits, when it is closed', async () => {
      const own = await start();
      const redis = await open(own.url);
      await own.stop('SIGKILL');
      const waiting = write(redis);
      await redis.close();
      await expect(waiting).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    });
  });
});
