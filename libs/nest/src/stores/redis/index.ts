export { RedisConnection } from './redis-connection.js';
export { RedisHandover } from './redis-handover.js';
export { REDIS_DEFAULTS, type RedisOptions } from './redis-options.js';
export { redisProviders } from './redis-providers.js';
export { RedisUploadStore } from './redis-upload-store.js';
