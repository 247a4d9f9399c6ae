import type { Provider } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { RedisConnection } from './redis-connection.js';
import { RedisHandover } from './redis-handover.js';
import type { RedisOptions } from './redis-options.js';
import { RedisUploadStore } from './redis-upload-store.js';
import { UPLOAD_SESSION_HANDOVER } from '../../contracts/session-handover.js';
import { UPLOAD_STORE } from '../../contracts/upload-store.js';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../../upload-options.js';

const REDIS_CONNECTION = Symbol('REDIS_CONNECTION');

/**
 * For `UploadModule.forRoot(options, { providers: redisProviders(...) })`: sessions and the catalogue in Redis, shared by
 * all nodes. How long sessions are kept follows from `sessionTtlMs` of the module.
 */
export function redisProviders(options: RedisOptions): Provider[] {
  const nodeId = randomUUID();
  return [
    { provide: REDIS_CONNECTION, useFactory: () => RedisConnection.open(options) },
    {
      provide: UPLOAD_STORE,
      inject: [REDIS_CONNECTION, UPLOAD_OPTIONS],
      useFactory: (redis: RedisConnection, { sessionTtlMs }: ResolvedUploadOptions) =>
        new RedisUploadStore(redis, nodeId, sessionTtlMs),
    },
    {
      provide: UPLOAD_SESSION_HANDOVER,
      inject: [REDIS_CONNECTION],
      useFactory: (redis: RedisConnection) => new RedisHandover(redis, nodeId),
    },
  ];
}
