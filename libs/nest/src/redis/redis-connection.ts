import { Logger } from '@nestjs/common';
import { createClient, ErrorReply } from '@redis/client';
import { UploadError } from '@upload-streams/protocol';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { REDIS_DEFAULTS, type RedisOptions } from './redis-options.js';

export type RedisClient = ReturnType<typeof newClient>;

/** A Lua script, which Redis runs as one step that nothing comes between. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export const script = (text: string): Script => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

/** A connection that hears nothing for this long is dead, in milliseconds. Pings keep one that works from it. */
const SILENCE_MS = 5000;

const LONGEST_RECONNECT_MS = 500;
const RETRY_MS = 100;

/** Answers of a Redis that is about to work: it loads its data, or its primary is being replaced. */
const PASSING = /^(LOADING|READONLY|MASTERDOWN|TRYAGAIN|CLUSTERDOWN|NOREPLICAS|UNBLOCKED|BUSY) /;

/** One connection to Redis, which comes back by itself. Calls wait meanwhile, and are made again: they must bear that. */
export class RedisConnection {
  private readonly logger = new Logger('Redis');
  private readonly closing = new AbortController();
  private lost = false;

  private constructor(
    readonly client: RedisClient,
    readonly prefix: string,
    private readonly unavailableTimeoutMs: number,
  ) {
    client.on('error', (error: Error) => this.onLost(error));
    client.on('ready', () => this.onReady());
  }

  /** Rejects with one sentence where Redis is not there in time, or does not let us in. */
  static async open(options: RedisOptions): Promise<RedisConnection> {
    const { url, prefix, startTimeoutMs, unavailableTimeoutMs } = { ...REDIS_DEFAULTS, ...options };
    const connection = new RedisConnection(newClient(url), prefix, unavailableTimeoutMs);
    try {
      await connected(connection.client, startTimeoutMs);
      return connection;
    } catch (cause) {
      await connection.close();
      throw new Error(`Redis at ${new URL(url).host} can't be used: ${(cause as Error).message}`, { cause });
    }
  }

  /** Runs a script. Its keys begin with the prefix, which it gets as KEYS[1]. */
  run(script: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    const rest = ['1', this.prefix, ...args.map(String)];
    return this.call(async () => {
      try {
        return await this.client.sendCommand(['EVALSHA', script.sha1, ...rest]);
      } catch (error) {
        if (!(error instanceof ErrorReply) || !error.message.startsWith('NOSCRIPT')) throw error;
        return this.client.sendCommand(['EVAL', script.text, ...rest]);
      }
    });
  }

  /** Makes a call again until Redis answers it. Rejects with STORAGE_FAILED where it is away for too long. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAt = Date.now() + this.unavailableTimeoutMs;
    for (;;) {
      try {
        return await work();
      } catch (cause) {
        if (!isPassing(cause)) throw cause;
        if (Date.now() >= giveUpAt || this.closing.signal.aborted) {
          throw new UploadError('STORAGE_FAILED', undefined, { cause });
        }
        await delay(RETRY_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
      }
    }
  }

  /** Rejects at once where Redis is away: for who asks whether it works. */
  async check(): Promise<void> {
    await this.client.ping();
  }

  async close(): Promise<void> {
    this.closing.abort();
    if (this.client.isOpen) this.client.destroy();
  }

  private onLost(error: Error): void {
    if (this.lost || this.closing.signal.aborted) return;
    this.lost = true;
    this.logger.warn(`Redis is away (${error.message}); uploads wait for it`);
  }

  private onReady(): void {
    if (this.lost) this.logger.log('Redis is back');
    this.lost = false;
  }
}

/** A wrong password does not become right by waiting; a server that starts beside us is there soon. */
async function connected(client: RedisClient, startTimeoutMs: number): Promise<void> {
  const ready = client.connect();
  ready.catch(() => undefined);
  const waited = new AbortController();
  const late = delay(startTimeoutMs, undefined, { signal: waited.signal }).then(() => {
    throw new Error(`no answer within ${startTimeoutMs / 1000} s`);
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    waited.abort();
    late.catch(() => undefined);
  }
}

function newClient(url: string) {
  return createClient({
    url,
    // What can't be sent now is made again by `call`, which knows for how long.
    disableOfflineQueue: true,
    pingInterval: SILENCE_MS / 3,
    socket: {
      connectTimeout: SILENCE_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries, cause) =>
        cause instanceof ErrorReply && !PASSING.test(cause.message)
          ? cause
          : Math.min(20 * 2 ** Math.min(retries, 10), LONGEST_RECONNECT_MS),
    },
  });
}

/** Whether a call may well work when it is made again: the connection, not the call, was the trouble. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ErrorReply) || PASSING.test(error.message);
}
