import type { Provider } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { UPLOAD_SESSION_HANDOVER, UPLOAD_SESSION_STORE } from '../upload.tokens.js';
import { RedisConnection } from './redis-connection.js';
import { RedisHandover } from './redis-handover.js';
import type { RedisOptions } from './redis-options.js';
import { RedisSessionStore } from './redis-session-store.js';

const REDIS_CONNECTION = Symbol('REDIS_CONNECTION');

/** For `UploadModule.forRoot(options, { providers: redisProviders(...) })`: sessions in Redis, shared by all nodes. */
export function redisProviders(options: RedisOptions): Provider[] {
  const nodeId = randomUUID();
  return [
    { provide: REDIS_CONNECTION, useFactory: () => RedisConnection.open(options) },
    {
      provide: UPLOAD_SESSION_STORE,
      inject: [REDIS_CONNECTION],
      useFactory: (redis: RedisConnection) => new RedisSessionStore(redis, nodeId, options.sessionTtlMs),
    },
    {
      provide: UPLOAD_SESSION_HANDOVER,
      inject: [REDIS_CONNECTION],
      useFactory: (redis: RedisConnection) => new RedisHandover(redis, nodeId),
    },
  ];
}
