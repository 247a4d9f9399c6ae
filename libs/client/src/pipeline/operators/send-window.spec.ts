import { describe, expect, it } from '@jest/globals';
import { BehaviorSubject, lastValueFrom, NEVER, of, toArray } from 'rxjs';
import { beginFlight, chunkSent, type InFlight } from '../../state/ack-ledger.js';
import { sendWindow, type SendLink } from './send-window.js';

const flightOf = (window: number): InFlight =>
  beginFlight({ offset: 0, durable: 0, window, maxChunkSize: 10, prefixCrc32: 0, expiresAt: 0 });

/** A link that always has room. */
const wideLink: SendLink = { chunkBytes: 1000, reserve: (bytes) => of(bytes) };

/** Reads a file of `size` bytes as sendWindow asks, and books each chunk. */
function reading(size: number, window: number, link = wideLink) {
  const flight = new BehaviorSubject(flightOf(window));
  const asked: number[] = [];
  let pending = 0;
  let mostPending = 0;
  const read = async (maxBytes: number) => {
    asked.push(maxBytes);
    mostPending = Math.max(mostPending, ++pending);
    await Promise.resolve();
    pending--;
    const bytes = Math.min(maxBytes, size - flight.value.sent);
    flight.next(chunkSent(flight.value, bytes));
    return { bytes, last: flight.value.sent === size };
  };
  /** The server has written all that was sent. */
  const ack = () => flight.next({ ...flight.value, acked: flight.value.sent, edge: flight.value.sent + window });
  return { flight, asked, ack, mostPending: () => mostPending, chunks$: sendWindow(flight, link, read) };
}

/** Lets promises settle that are ready. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('sendWindow', () => {
  it('reads as much as there is room for, and waits for an ack before it reads on', async () => {
    const { asked, ack, chunks$ } = reading(1000, 10);
    const subscription = chunks$.subscribe();
    await settle();
    expect(asked).toEqual([10]);
    ack();
    await settle();
    expect(asked).toEqual([10, 10]);
    subscription.unsubscribe();
  });

  it('reads nothing into a closed window', async () => {
    const { asked, chunks$ } = reading(1000, 0);
    const subscription = chunks$.subscribe();
    await settle();
    expect(asked).toEqual([]);
    subscription.unsubscribe();
  });

  it('reads nothing while the link has no room, however much the window has', async () => {
    const { asked, chunks$ } = reading(1000, 10, { chunkBytes: 1000, reserve: () => NEVER });
    const subscription = chunks$.subscribe();
    await settle();
    expect(asked).toEqual([]);
    subscription.unsubscribe();
  });

  it('completes with the last chunk and includes it', async () => {
    const { ack, chunks$ } = reading(25, 10);
    const chunks = lastValueFrom(chunks$.pipe(toArray()));
    for (let acks = 0; acks < 3; acks++) {
      await settle();
      ack();
    }
    expect(await chunks).toEqual([
      { bytes: 10, last: false },
      { bytes: 10, last: false },
      { bytes: 5, last: true },
    ]);
  });

  it('reads one chunk at a time even while acks keep coming', async () => {
    const { flight, mostPending, asked, chunks$ } = reading(1000, 10);
    const subscription = chunks$.subscribe();
    for (let beats = 0; beats < 5; beats++) flight.next({ ...flight.value });
    expect(asked).toHaveLength(1);
    await settle();
    expect(mostPending()).toBe(1);
    subscription.unsubscribe();
  });

  it('reads no more once unsubscribed', async () => {
    const { asked, ack, chunks$ } = reading(1000, 10);
    chunks$.subscribe().unsubscribe();
    await settle();
    ack();
    await settle();
    expect(asked).toEqual([10]);
  });

  it('fails with the error of a read', async () => {
    const broken = new Error('broken');
    const chunks$ = sendWindow(new BehaviorSubject(flightOf(10)), wideLink, () => Promise.reject(broken));
    await expect(lastValueFrom(chunks$)).rejects.toBe(broken);
  });
});
