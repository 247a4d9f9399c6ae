/** Where and how sessions are kept in Redis. */
export interface RedisOptions {
  /** `redis[s]://[[user][:password]@]host[:port][/database]`. Redis 6.2 or newer, or Valkey. */
  readonly url: string;
  /**
   * What all keys begin with. The part in braces keeps them in one slot of a Redis Cluster, which the scripts need.
   * @default '{upload-streams}:'
   */
  readonly prefix?: string;
  /** An unfinished session is kept for as long as this and twice as long, in milliseconds, so that the sweep comes first. */
  readonly sessionTtlMs: number;
  /** How long work waits for a Redis that is away before it fails, in milliseconds. @default 60_000 */
  readonly unavailableTimeoutMs?: number;
  /** How long a start waits for Redis, in milliseconds. @default 30_000 */
  readonly startTimeoutMs?: number;
}

export const REDIS_DEFAULTS = {
  prefix: '{upload-streams}:',
  unavailableTimeoutMs: 60_000,
  startTimeoutMs: 30_000,
} as const;
