import { z } from 'zod';
import { HOUR_MS, isUrlOf, milliseconds, resolveOptions, text, textLike } from '../../option-schema.js';

/** Where and how Redis keeps sessions and the catalogue. */
export const redisOptionsSchema = z.object({
  url: textLike(isRedisUrl, 'must look like redis[s]://[[user][:password]@]host[:port][/database]').describe(
    'Redis 6.2 or newer, or Valkey: one primary, with or without replicas, for example `redis://user:password@redis:6379`; ' +
      '`rediss://` for TLS. After a failover, the address must point to the new primary.',
  ),
  prefix: text()
    .default('{upload-streams}:')
    .describe(
      'What all keys and channels begin with; applications that share a Redis need different ones. A Redis Cluster needs ' +
        'a part in braces, and is not followed when it moves the keys to another node.',
    ),
  // Redis keeps the answer to a call for ten minutes. A call that is repeated after that would run twice.
  unavailableTimeoutMs: milliseconds(0, 5 * 60 * 1000)
    .default(60_000)
    .describe(
      'How long work waits for a Redis that is away before it fails with STORAGE_FAILED. If Redis is silent instead of ' +
        'gone, up to 5 s more.',
    ),
  startTimeoutMs: milliseconds(0, HOUR_MS).default(30_000).describe('How long a start waits for Redis.'),
});

export type RedisOptions = Readonly<z.input<typeof redisOptionsSchema>>;

export type ResolvedRedisOptions = Readonly<z.output<typeof redisOptionsSchema>>;

export const REDIS_DEFAULTS: Omit<ResolvedRedisOptions, 'url'> = redisOptionsSchema.omit({ url: true }).parse({});

/** The options with their defaults. Throws a RangeError that names each option that can't be used, and no password. */
export function resolveRedisOptions(options: RedisOptions): ResolvedRedisOptions {
  return resolveOptions('Redis', redisOptionsSchema, options);
}

function isRedisUrl(url: string): boolean {
  if (!isUrlOf(url, ['redis:', 'rediss:'])) return false;
  const { hostname, pathname, username, password } = new URL(url);
  return hostname !== '' && /^\/?\d*$/.test(pathname) && canDecode(`${username}:${password}`);
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
