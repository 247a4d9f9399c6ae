import { describe, expect, it } from '@jest/globals';
import { BehaviorSubject, lastValueFrom, NEVER, of, toArray } from 'rxjs';
import { openLedger, type AckLedger } from '../../state/ack-ledger.js';
import { readAsAllowed, type ReadPermits } from './read-as-allowed.js';

const ledgerOf = (window: number): AckLedger =>
  openLedger({ offset: 0, durable: 0, window, maxChunkSize: 10, prefixCrc32: 0, expiresAt: 0 });

/** A congestion window that always has room. */
const unlimited: ReadPermits = { chunkBytes: 1000, acquire: (bytes) => of(bytes) };

/** Reads a file of `size` bytes as it is asked to. */
function reading(size: number, window: number, permits = unlimited) {
  const ledger$ = new BehaviorSubject(ledgerOf(window));
  const asked: number[] = [];
  let pending = 0;
  let mostPending = 0;
  const read = async (maxBytes: number) => {
    asked.push(maxBytes);
    mostPending = Math.max(mostPending, ++pending);
    await Promise.resolve();
    pending--;
    const bytes = Math.min(maxBytes, size - ledger$.value.sent);
    return { bytes, last: ledger$.value.sent + bytes === size };
  };
  /** The server has written all that was sent. */
  const ack = () =>
    ledger$.next({ ...ledger$.value, acked: ledger$.value.sent, windowEnd: ledger$.value.sent + window });
  return { ledger$, asked, ack, mostPending: () => mostPending, chunks$: readAsAllowed(ledger$, permits, read) };
}

/** Lets promises settle that are ready. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('readAsAllowed', () => {
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

  it('reads nothing while the congestion window has no room, however much the receive window has', async () => {
    const { asked, chunks$ } = reading(1000, 10, { chunkBytes: 1000, acquire: () => NEVER });
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
    const { ledger$, mostPending, asked, chunks$ } = reading(1000, 10);
    const subscription = chunks$.subscribe();
    for (let beats = 0; beats < 5; beats++) ledger$.next({ ...ledger$.value });
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
    const chunks$ = readAsAllowed(new BehaviorSubject(ledgerOf(10)), unlimited, () => Promise.reject(broken));
    await expect(lastValueFrom(chunks$)).rejects.toBe(broken);
  });
});
