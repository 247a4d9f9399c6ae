import { Logger } from '@nestjs/common';
import { createClient } from '@redis/client';
import { UploadError } from '@upload-streams/protocol';
import { createHash } from 'node:crypto';
import { codeOf, isPassing, isRefusing } from './redis-errors.js';
import { resolveRedisOptions, type RedisOptions } from './redis-options.js';
import { withinMs } from '../../concurrency/deadline.js';
import { retry } from '../../concurrency/retry.js';

export type RedisClient = ReturnType<typeof newClient>;

/** A Lua script. Redis runs it as one atomic step. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export const script = (text: string): Script => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

/** A connection counts as dead once it received nothing for this long, in milliseconds. Pings keep a working one alive. */
const SILENCE_MS = 5000;

const LONGEST_RECONNECT_MS = 500;
const RETRY_MS = 100;

/** How long `check` waits for an answer, in milliseconds. */
const CHECK_MS = 1000;

/** The shortest time between two reconnects that we force, in milliseconds. */
const RENEW_EVERY_MS = 1000;

/** A refusal that lasts is logged this often, in milliseconds. */
const SAY_EVERY_MS = 60_000;

/**
 * One connection to Redis, which reconnects by itself. Calls wait meanwhile, and are then repeated, so they have to be
 * idempotent.
 */
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

  /** Rejects with one sentence where Redis does not answer in time, or refuses the credentials. */
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

  /** Runs a script, which is given the prefix of all keys as KEYS[1]. */
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

  /** Repeats a call until Redis answers. Rejects with STORAGE_FAILED where it does not for too long. */
  async call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await retry(() => this.answered(work), {
        giveUpAfterMs: this.unavailableTimeoutMs,
        signal: this.closing.signal,
        shouldRetry: isPassing,
        firstWaitMs: RETRY_MS,
        longestWaitMs: RETRY_MS,
      });
    } catch (cause) {
      if (isPassing(cause) || isRefusing(cause)) throw new UploadError('STORAGE_FAILED', undefined, { cause });
      throw cause;
    }
  }

  /** Rejects within a second where Redis is away or silent. */
  async check(): Promise<void> {
    await withinMs(CHECK_MS, this.client.ping());
  }

  /** Calls that still wait fail at once. */
  async close(): Promise<void> {
    this.closing.abort();
    if (this.client.isOpen) this.client.destroy();
  }

  /**
   * A connection on which something is sent does not count as idle, so a Redis that stops answering is noticed here, by the
   * calls. A Redis that became a replica keeps its connections, though the address leads to the new primary.
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

/** Waiting does not make a wrong password right, unless it was right before; a server that starts is ready soon. */
function newClient(url: string) {
  let wasReady = false;
  const client = createClient({
    url,
    // `call` repeats what can't be sent now, and knows for how long.
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
