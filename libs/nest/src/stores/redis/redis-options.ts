/** Where and how sessions are kept in Redis. */
export interface RedisOptions {
  /**
   * `redis[s]://[[user][:password]@]host[:port][/database]`. Redis 6.2 or newer, or Valkey: one primary, with replicas or
   * not. Where another one takes its place, the same address has to lead there.
   */
  readonly url: string;
  /**
   * What all keys and channels begin with; applications that share a Redis need different ones. The keys of a script are
   * made within it, so a Redis Cluster takes them only where the prefix has a part in braces, and is not followed where it
   * moves them to another node. @default '{upload-streams}:'
   */
  readonly prefix?: string;
  /**
   * An unfinished session without progress is removed after this long, in milliseconds; 1 or more, the same as that of
   * `UploadModuleOptions`. Redis keeps it for twice as long and an hour, so that the sweep, which removes its bytes, comes
   * first.
   */
  readonly sessionTtlMs: number;
  /**
   * How long work waits for a Redis that is away before it fails as STORAGE_FAILED, in milliseconds: 0 to 5 minutes, since
   * for ten Redis remembers what it answered. A Redis that is silent, not gone, takes up to 5 s more. @default 60_000
   */
  readonly unavailableTimeoutMs?: number;
  /** How long a start waits for Redis, in milliseconds: 0 to an hour. @default 30_000 */
  readonly startTimeoutMs?: number;
}

export const REDIS_DEFAULTS = {
  prefix: '{upload-streams}:',
  unavailableTimeoutMs: 60_000,
  startTimeoutMs: 30_000,
} as const;

/** The bounds of the numbers above: lowest and highest. */
const BOUNDS = {
  sessionTtlMs: [1, Number.MAX_SAFE_INTEGER],
  unavailableTimeoutMs: [0, 5 * 60 * 1000],
  startTimeoutMs: [0, 60 * 60 * 1000],
} as const;

/** The options with their defaults. Throws a RangeError that names the option which makes no sense, and no password. */
export function resolveRedisOptions(options: RedisOptions): Required<RedisOptions> {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved = { ...REDIS_DEFAULTS, ...Object.fromEntries(given) } as Required<RedisOptions>;
  if (!isRedisUrl(resolved.url)) {
    throw new RangeError('Redis: url must look like redis[s]://[[user][:password]@]host[:port][/database]');
  }
  if (!resolved.prefix) throw new RangeError('Redis: prefix must not be empty');
  for (const [name, [low, high]] of Object.entries(BOUNDS)) {
    const value = resolved[name as keyof typeof BOUNDS];
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new RangeError(`Redis: ${name} must be a whole number from ${low} to ${high}, not ${value}`);
    }
  }
  return resolved;
}

function isRedisUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, pathname, username, password } = new URL(url);
  return (
    /^rediss?:$/.test(protocol) && hostname !== '' && /^\/?\d*$/.test(pathname) && canDecode(`${username}:${password}`)
  );
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
