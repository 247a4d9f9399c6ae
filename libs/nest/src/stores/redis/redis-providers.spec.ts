import 'reflect-metadata';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createClient } from '@redis/client';
import { RedisServer } from '@upload-streams/testing';
import { UPLOAD_STORE, type UploadStore } from '../../contracts/upload-store.js';
import { describeWhere } from '../../testing/describe-where.js';
import { sessionOf } from '../../testing/session-records.js';
import { resolveUploadOptions, UPLOAD_OPTIONS } from '../../upload-options.js';
import { redisProviders } from './redis-providers.js';

@Module({})
class TestModule {}

describeWhere(RedisServer.isInstalled, 'Redis', 'apt-get install redis-server', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.close());

  it('keeps sessions as long as sessionTtlMs of the module asks for', async () => {
    const sessionTtlMs = 10_000_000;
    const options = { provide: UPLOAD_OPTIONS, useValue: resolveUploadOptions({ sessionTtlMs }) };
    const providers = [options, ...redisProviders({ url: server.url, prefix: '{kept}:' })];
    const app = await NestFactory.createApplicationContext({ module: TestModule, providers }, { logger: false });
    const store = app.get<UploadStore>(UPLOAD_STORE);
    const client = await createClient({ url: server.url }).connect();
    try {
      await store.create(sessionOf(1));
      const keptMs = await client.pTTL(`{kept}:session:${sessionOf(1).sessionID}`);
      // Twice as long and an hour, so that the sweep, which discards the bytes, comes first.
      expect(keptMs).toBeGreaterThan(2 * sessionTtlMs);
      expect(keptMs).toBeLessThanOrEqual(2 * sessionTtlMs + 3_600_000);
    } finally {
      client.destroy();
      await store.close();
      await app.close();
    }
  });
});
