import { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { LetGo, SessionHandover } from '../session/session-handover.js';
import type { RedisClient, RedisConnection } from './redis-connection.js';

/** A node that lives answers within milliseconds. One that says nothing for this long is left to the epoch. */
const SILENCE_MS = 1000;

/** While a node lets go, which takes as long as the object store takes, it says so this often. */
const BUSY_EVERY_MS = 300;

/** Nobody waits longer, whatever the other node says: longer than a large file takes to be put together. */
const LONGEST_MS = 60_000;

type Message =
  | { readonly what: 'request'; readonly id: string; readonly sessionID: string; readonly from: string }
  | { readonly what: Answer; readonly id: string };

type Answer = 'busy' | 'done';

/**
 * Asks for sessions over Redis: each node subscribes to a channel of its own, and a session's record names the node that
 * took it last. A message to a node that is gone has no receiver, and Redis says so at once.
 */
export class RedisHandover implements SessionHandover {
  private readonly logger = new Logger(RedisHandover.name);
  private readonly subscriber: RedisClient;
  private readonly requests = new Map<string, (answer: Answer) => void>();

  constructor(
    private readonly redis: RedisConnection,
    private readonly nodeId: string,
  ) {
    this.subscriber = redis.client.duplicate();
    // Said once already, by the connection that it is a copy of.
    this.subscriber.on('error', () => undefined);
  }

  async listen(letGo: LetGo): Promise<void> {
    await this.subscriber.connect();
    await this.subscriber.subscribe(this.channel(this.nodeId), (text) => this.read(JSON.parse(text), letGo));
  }

  async request(sessionID: string): Promise<boolean> {
    const holder = await this.redis.call(() =>
      this.redis.client.hGet(`${this.redis.prefix}session:${sessionID}`, 'holder'),
    );
    if (!holder || holder === this.nodeId) return false;
    const id = randomUUID();
    try {
      const answers = this.answersTo(id);
      const request = { what: 'request', id, sessionID, from: this.nodeId } as const;
      if (await this.tell(holder, request)) await answers();
    } finally {
      this.requests.delete(id);
    }
    return true;
  }

  async close(): Promise<void> {
    if (this.subscriber.isOpen) this.subscriber.destroy();
  }

  /** A function that resolves when the other node is done, or says nothing any more. */
  private answersTo(id: string): () => Promise<void> {
    let next = Promise.withResolvers<Answer>();
    this.requests.set(id, (answer) => next.resolve(answer));
    return async () => {
      const giveUpAt = Date.now() + LONGEST_MS;
      while (Date.now() < giveUpAt) {
        if ((await withinSilence(next.promise)) !== 'busy') return;
        next = Promise.withResolvers();
      }
    };
  }

  private read(message: Message, letGo: LetGo): void {
    if (message.what !== 'request') return this.requests.get(message.id)?.(message.what);
    void this.answer(message, letGo).catch((error) => this.logger.warn(error));
  }

  private async answer({ id, sessionID, from }: Extract<Message, { what: 'request' }>, letGo: LetGo): Promise<void> {
    const busy = setInterval(() => void this.tell(from, { what: 'busy', id }).catch(() => undefined), BUSY_EVERY_MS);
    try {
      await letGo(sessionID);
    } finally {
      clearInterval(busy);
    }
    await this.tell(from, { what: 'done', id });
  }

  /** Gives whether anyone heard it. */
  private async tell(nodeId: string, message: Message): Promise<boolean> {
    const text = JSON.stringify(message);
    return (await this.redis.call(() => this.redis.client.publish(this.channel(nodeId), text))) > 0;
  }

  private channel(nodeId: string): string {
    return `${this.redis.prefix}node:${nodeId}`;
  }
}

/** What comes within the time that a node which lives needs; undefined for nothing. */
async function withinSilence<T>(awaited: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  const silence = delay(SILENCE_MS, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([awaited, silence]);
  } finally {
    timer.abort();
  }
}
