import type { RedisConnection } from '../redis-connection.js';

/** Resolves once nodes of this prefix have said this many times that they are yielding a session. */
export async function busyMessages(redis: RedisConnection, prefix: string, count: number): Promise<void> {
  const listener = redis.client.duplicate();
  listener.on('error', () => undefined);
  await listener.connect();
  try {
    const heard = Promise.withResolvers<void>();
    let left = count;
    const pattern = `${prefix.replace(/[\\*?[\]]/g, '\\$&')}node:*`;
    await listener.pSubscribe(pattern, (message) => {
      if ((JSON.parse(message) as { what: string }).what === 'busy' && --left === 0) heard.resolve();
    });
    await heard.promise;
  } finally {
    listener.destroy();
  }
}
