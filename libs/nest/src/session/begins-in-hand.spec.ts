import { beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_AHEAD_BYTES, UploadError } from '@upload-streams/protocol';
import { BeginsInHand } from './begins-in-hand.js';
import type { UploadConnection } from './upload-connection.js';

const peerOf = (owner: string): UploadConnection => ({
  owner,
  connected: true,
  completed: () => undefined,
  inProgress: () => undefined,
  failed: () => undefined,
});

describe('BeginsInHand', () => {
  const [alice, bob] = [peerOf('alice'), peerOf('bob')];
  let begins: BeginsInHand;
  let begin: PromiseWithResolvers<string>;
  let begun: Promise<string>;
  let events: string[];

  beforeEach(() => {
    begins = new BeginsInHand();
    begin = Promise.withResolvers();
    events = [];
    begun = begins.run(alice, 'id', () => begin.promise);
  });

  const chunk = (name: string, peer = alice, bytes = 1) =>
    begins.settled(peer, 'id', bytes, false).then(() => void events.push(name));

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

  it('lets a chunk wait for a begin that came before it and is seen after it', async () => {
    begin.resolve('begun');
    await begun;
    begin = Promise.withResolvers();
    const late = chunk('behind');
    begun = begins.run(alice, 'id', () => begin.promise);
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual([]);
    begin.resolve('begun');
    await late;
  });

  it('keeps the order of chunks of which a later one need not wait', async () => {
    const first = chunk('first');
    begin.resolve('begun');
    await begun;
    await begins.settled(alice, 'id', 1, true).then(() => void events.push('second'));
    await first;
    expect(events).toEqual(['first', 'second']);
  });

  it('holds up nobody else, and nobody afterwards', async () => {
    await chunk('other connection', bob);
    begin.resolve('begun');
    await begun;
    await chunk('later');
    expect(events).toEqual(['other connection', 'later']);
  });

  it('lets chunks that came after the answer wait for those before them, however many bytes they are', async () => {
    const first = chunk('first', alice, MAX_AHEAD_BYTES);
    begin.resolve('begun');
    await begun;
    await begins.settled(alice, 'id', MAX_AHEAD_BYTES, true).then(() => void events.push('second'));
    await first;
    expect(events).toEqual(['first', 'second']);
  });

  it('refuses more bytes than may wait', async () => {
    const behind = chunk('first', alice, MAX_AHEAD_BYTES);
    await expect(chunk('second')).rejects.toMatchObject({ code: 'WINDOW_EXCEEDED' });
    begin.resolve('begun');
    await behind;
  });
});
