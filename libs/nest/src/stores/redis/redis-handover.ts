import { Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { YieldSession, SessionHandover } from '../../contracts/session-handover.js';
import { messageOf, type Answer, type Message, type Request } from './handover-message.js';
import type { RedisClient, RedisConnection } from './redis-connection.js';
import { withinMs } from '../../concurrency/deadline.js';
import { deferred } from '../../concurrency/deferred.js';

/** A node that lives answers within milliseconds. After this long without an answer, the epoch alone fences it. */
const SILENCE_MS = 1000;

/** While a node yields a session, which takes as long as the object store takes, it says so this often. */
const BUSY_EVERY_MS = 300;

/**
 * The longest wait, whatever the other node says. It is longer than the completion and inspection of a large file take: a
 * node that does not wait for them does the same work a second time.
 */
const LONGEST_MS = 10 * 60_000;

/**
 * Asks for sessions over Redis: each node subscribes to a channel of its own, and a session's record names the node that
 * took it over last. A message to a node that is gone has no receivers, which Redis says at once.
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
    // The connection of which it is a copy logs the same errors.
    this.subscriber.on('error', () => undefined);
  }

  async listen(yieldSession: YieldSession): Promise<void> {
    const read = (text: string) => this.read(messageOf(text), yieldSession);
    await this.subscriber.connect();
    await this.redis.call(() => this.subscriber.subscribe(this.channel(this.nodeId), read));
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
      if ((await this.redis.call(() => this.publish(holder, request))) > 0) await answers();
    } finally {
      this.requests.delete(id);
    }
    return true;
  }

  async close(): Promise<void> {
    if (this.subscriber.isOpen) this.subscriber.destroy();
  }

  /** A function that resolves when the other node is done, or has been silent for too long. */
  private answersTo(id: string): () => Promise<void> {
    const done = deferred<Answer>();
    let next = deferred<Answer>();
    this.requests.set(id, (answer) => (answer === 'done' ? done : next).resolve(answer));
    return async () => {
      const giveUpAt = Date.now() + LONGEST_MS;
      while (Date.now() < giveUpAt) {
        const heard = await withinMs(SILENCE_MS, Promise.race([done.promise, next.promise])).catch(() => 'nothing');
        if (heard !== 'busy') return;
        next = deferred();
      }
    };
  }

  private read(message: Message | undefined, yieldSession: YieldSession): void {
    if (!message) return;
    if (message.what !== 'request') return this.requests.get(message.id)?.(message.what);
    void this.answer(message, yieldSession).catch((error) => this.logger.warn(error));
  }

  /** `done` is sent even where yielding failed: waiting longer would not help the other node. */
  private async answer({ id, sessionID, from }: Request, yieldSession: YieldSession): Promise<void> {
    const busy = setInterval(() => void this.publish(from, { what: 'busy', id }).catch(() => undefined), BUSY_EVERY_MS);
    try {
      await yieldSession(sessionID);
    } finally {
      clearInterval(busy);
      await this.redis.call(() => this.publish(from, { what: 'done', id }));
    }
  }

  /** Returns how many received it: one, or none where that node is gone. */
  private publish(nodeId: string, message: Message): Promise<number> {
    return this.redis.client.publish(this.channel(nodeId), JSON.stringify(message));
  }

  private channel(nodeId: string): string {
    return `${this.redis.prefix}node:${nodeId}`;
  }
}
