import { Logger } from '@nestjs/common';
import { createClient } from '@redis/client';
import { UploadError } from '@upload-streams/protocol';
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, isPassing, isRefusing } from './redis-errors.js';
import { resolveRedisOptions, type RedisOptions } from './redis-options.js';
import { withinMs } from '../../concurrency/within-ms.js';

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

/** Who asks whether Redis works wants to know soon, in milliseconds. */
const CHECK_MS = 1000;

/** A connection is not made anew more often than this, in milliseconds. */
const RENEW_EVERY_MS = 1000;

/** What stays wrong is said this often, in milliseconds. */
const SAY_EVERY_MS = 60_000;

/** One connection to Redis, which comes back by itself. Calls wait meanwhile, and are made again: they must bear that. */
export class RedisConnection {
  private readonly logger = new Logger('Redis');
  private readonly closing = new AbortController();
  private lost = false;
  private renewedAt = -Infinity;
  private readonly saidAt = new Map<string, number>();

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
    const { url, prefix, startTimeoutMs, unavailableTimeoutMs } = resolveRedisOptions(options);
    const connection = new RedisConnection(newClient(url), prefix, unavailableTimeoutMs);
    try {
      await withinMs(startTimeoutMs, connection.client.connect());
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
        if (codeOf(error) !== 'NOSCRIPT') throw error;
        return this.client.sendCommand(['EVAL', script.text, ...rest]);
      }
    });
  }

  /** Makes a call again until Redis answers it. Rejects with STORAGE_FAILED where it does not for too long. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    const giveUpAt = Date.now() + this.unavailableTimeoutMs;
    for (;;) {
      try {
        return await this.answered(work);
      } catch (cause) {
        const { aborted } = this.closing.signal;
        if (isPassing(cause) && Date.now() < giveUpAt && !aborted) await this.pause();
        else if (isPassing(cause) || isRefusing(cause)) throw new UploadError('STORAGE_FAILED', undefined, { cause });
        else throw cause;
      }
    }
  }

  /** Rejects soon where Redis is away or silent: for who asks whether it works. */
  async check(): Promise<void> {
    await withinMs(CHECK_MS, this.client.ping());
  }

  /** Calls that wait fail now. */
  async close(): Promise<void> {
    this.closing.abort();
    if (this.client.isOpen) this.client.destroy();
  }

  /**
   * What was sent keeps a connection from counting as idle, so a Redis that stops to answer is noticed here, by calls. One
   * that became a replica keeps its connections, while the address leads to the new primary by now.
   */
  private async answered<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withinMs(SILENCE_MS, work());
    } catch (error) {
      const code = codeOf(error);
      const isSilent = (error as Error).name === 'TimeoutError';
      if (isSilent) this.onLost(error as Error);
      if (code === 'READONLY' || isRefusing(error)) this.sayRefused(code!, (error as Error).message);
      if (code === 'READONLY' || isSilent) this.renew();
      throw error;
    }
  }

  private renew(): void {
    if (!this.client.isReady || this.closing.signal.aborted) return;
    if (performance.now() - this.renewedAt < RENEW_EVERY_MS) return;
    this.renewedAt = performance.now();
    this.client.destroy();
    this.client.connect().catch(() => undefined);
  }

  private async pause(): Promise<void> {
    await delay(RETRY_MS, undefined, { signal: this.closing.signal }).catch(() => undefined);
  }

  private sayRefused(code: string, message: string): void {
    const now = performance.now();
    if (now - (this.saidAt.get(code) ?? -Infinity) < SAY_EVERY_MS) return;
    this.saidAt.set(code, now);
    this.logger.warn(`Redis stores nothing (${message}); uploads wait for it`);
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

/** A wrong password does not become right by waiting, unless it was right before; a server that starts is there soon. */
function newClient(url: string) {
  let wasReady = false;
  const client = createClient({
    url,
    // What can't be sent now is made again by `call`, which knows for how long.
    disableOfflineQueue: true,
    pingInterval: SILENCE_MS / 3,
    socket: {
      connectTimeout: SILENCE_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries, cause) =>
        wasReady || isPassing(cause) ? Math.min(20 * 2 ** Math.min(retries, 10), LONGEST_RECONNECT_MS) : cause,
    },
  });
  return client.once('ready', () => (wasReady = true));
}
