import { beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_AHEAD_BYTES, UploadError } from '@upload-streams/protocol';
import { PendingBegins } from './pending-begins.js';
import type { UploadConnection } from './upload-connection.js';

const connectionOf = (owner: string): UploadConnection => ({
  owner,
  connected: true,
  completed: () => undefined,
  inProgress: () => undefined,
  failed: () => undefined,
});

describe('PendingBegins', () => {
  const [alice, bob] = [connectionOf('alice'), connectionOf('bob')];
  let begins: PendingBegins;
  let begin: PromiseWithResolvers<string>;
  let begun: Promise<string>;
  let events: string[];

  beforeEach(() => {
    begins = new PendingBegins();
    begin = Promise.withResolvers();
    events = [];
    begun = begins.run(alice, 'id', () => begin.promise);
  });

  const chunk = (name: string, connection = alice, bytes = 1) =>
    begins.runAfter(connection, 'id', bytes, async () => void events.push(name));

  it('lets chunks wait for the begin that they came behind, in their order', async () => {
    const chunks = [chunk('first'), chunk('second')];
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual([]);
    begin.resolve('begun');
    await Promise.all(chunks);
    expect(events).toEqual(['first', 'second']);
    expect(await begun).toBe('begun');
  });

  it('refuses chunks for the reason for which their begin is refused', async () => {
    const refused = new UploadError('FILE_TOO_LARGE');
    const outcomes = Promise.allSettled([begun, chunk('first'), chunk('second')]);
    begin.reject(refused);
    expect((await outcomes).map((outcome) => (outcome as PromiseRejectedResult).reason)).toEqual(
      Array(3).fill(refused),
    );
  });

  it('keeps the order of chunks of which a later one need not wait', async () => {
    const first = chunk('first');
    begin.resolve('begun');
    await begun;
    await Promise.all([chunk('second'), first]);
    expect(events).toEqual(['first', 'second']);
  });

  it('holds up nobody else, and nobody afterwards', async () => {
    await chunk('other connection', bob);
    begin.resolve('begun');
    await begun;
    await chunk('later');
    expect(events).toEqual(['other connection', 'later']);
  });

  it('refuses more bytes than may wait', async () => {
    const behind = chunk('first', alice, MAX_AHEAD_BYTES);
    await expect(chunk('second')).rejects.toMatchObject({ code: 'WINDOW_EXCEEDED' });
    begin.resolve('begun');
    await behind;
  });
});
