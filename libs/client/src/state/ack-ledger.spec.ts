import { describe, expect, it } from '@jest/globals';
import { MAX_AHEAD_BYTES, MIN_CHUNK_BYTES, type BegunUpload } from '@upload-streams/protocol';
import fc from 'fast-check';
import {
  answeredAhead,
  chunkAcked,
  chunkSent,
  openLedger,
  openLedgerAhead,
  roomForChunk,
  SMALLEST_CHUNK_BYTES,
  type AckLedger,
} from './ack-ledger.js';

const KIB = 1024;
const MIB = 1024 * KIB;

const begun = (facts: Partial<BegunUpload> = {}): BegunUpload => ({
  offset: 0,
  durable: 0,
  window: 8 * MIB,
  maxChunkSize: MIB,
  prefixCrc32: 0,
  expiresAt: 0,
  ...facts,
});

const ledgerOf = (facts: Partial<AckLedger> = {}): AckLedger => ({ ...openLedger(begun()), ...facts });

describe('roomForChunk', () => {
  it('never exceeds the window, the wanted size or what the server accepts, whatever acks come', () => {
    const step = fc.record({
      ack: fc.boolean(),
      window: fc.integer({ min: 0, max: 4 * MIB }),
      chunkBytes: fc.integer({ min: SMALLEST_CHUNK_BYTES, max: 4 * MIB }),
    });
    const start = fc.record({
      offset: fc.integer({ min: 0, max: 2 ** 40 }),
      window: fc.integer({ min: 0, max: 4 * MIB }),
      maxChunkSize: fc.integer({ min: 64 * KIB, max: 2 * MIB }),
    });
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 60 }), (facts, steps) => {
        let ledger = openLedger(begun(facts));
        const outstanding: number[] = [];
        for (const { ack, window, chunkBytes } of steps) {
          const bytes = ack ? outstanding.shift() : undefined;
          if (bytes !== undefined) {
            const offset = ledger.acked + bytes;
            ledger = chunkAcked(ledger, { offset, durable: offset, window });
          }
          const room = roomForChunk(ledger, chunkBytes);
          expect(room).toBeGreaterThanOrEqual(0);
          if (room === 0) continue;
          expect(room).toBeLessThanOrEqual(facts.maxChunkSize);
          expect(ledger.sent + room).toBeLessThanOrEqual(ledger.windowEnd);
          expect(room).toBeLessThanOrEqual(chunkBytes);
          outstanding.push(room);
          ledger = chunkSent(ledger, room);
        }
      }),
    );
  });

  it.each([
    ['half of a small window', 400, 200],
    ['a quarter of a large one', 2000, 500],
    ['a useful chunk of one between', 800, 256],
  ])('sends no more than %s at a time, so that the next chunk is in flight before the ack', (_, window, chunk) => {
    expect(roomForChunk(ledgerOf({ windowEnd: window * KIB }), MIB)).toBe(chunk * KIB);
  });

  it('sends no chunk larger than the server accepts, however large the wanted one is', () => {
    expect(roomForChunk(ledgerOf({ windowEnd: 64 * MIB, maxChunkBytes: 100 * KIB }), MIB)).toBe(100 * KIB);
  });

  it('uses a window that is too small for a whole chunk when nothing is in flight', () => {
    expect(roomForChunk(ledgerOf({ windowEnd: 5 }), MIB)).toBe(5);
  });

  it('waits for more than a small rest of the window while something is in flight', () => {
    expect(roomForChunk(ledgerOf({ sent: 16 * KIB, windowEnd: 16 * KIB + 5 }), MIB)).toBe(0);
  });

  it('sends nothing into a closed window', () => {
    expect(roomForChunk(ledgerOf({ windowEnd: 0 }), MIB)).toBe(0);
  });

  it('sends nothing after the server has moved the end of the window before what was sent', () => {
    const ledger = chunkAcked(ledgerOf({ sent: 64 * KIB }), { offset: 16 * KIB, durable: 0, window: 0 });
    expect(roomForChunk(ledger, MIB)).toBe(0);
  });
});

describe('openLedger', () => {
  it('starts at the offset of the server, with its window', () => {
    expect(openLedger(begun({ offset: 100, durable: 40, window: 1000 }))).toEqual({
      sent: 100,
      acked: 100,
      durable: 40,
      windowEnd: 1100,
      maxChunkBytes: MIB,
    });
  });
});

describe('chunkAcked', () => {
  it('takes the offset, the durable offset and the window from the ack', () => {
    const ledger = chunkAcked(ledgerOf({ sent: 300 }), { offset: 200, durable: 150, window: 50 });
    expect(ledger).toMatchObject({ sent: 300, acked: 200, durable: 150, windowEnd: 250 });
  });
});

describe('openLedgerAhead', () => {
  /** What is sent without an ack, chunk by chunk. */
  function sentFrom(ledger: AckLedger): number[] {
    const room = roomForChunk(ledger, Infinity);
    return room === 0 ? [] : [room, ...sentFrom(chunkSent(ledger, room))];
  }
  const sum = (chunks: readonly number[]) => chunks.reduce((total, bytes) => total + bytes, 0);

  it('sends what every server accepts, in chunks that every server accepts, and no more', () => {
    const chunks = sentFrom(openLedgerAhead(Infinity));
    expect(sum(chunks)).toBe(MAX_AHEAD_BYTES);
    expect(Math.max(...chunks)).toBe(MIN_CHUNK_BYTES);
  });

  it('sends no more than the server granted last', () => {
    expect(sum(sentFrom(openLedgerAhead(100_000)))).toBe(100_000);
  });

  it('goes on with the window and the chunk size of the answer', () => {
    const sent = chunkSent(openLedgerAhead(Infinity), 10);
    const answered = answeredAhead(sent, begun({ window: 4 * MAX_AHEAD_BYTES, maxChunkSize: 4 }));
    expect(answered).toMatchObject({ sent: 10, acked: 0, windowEnd: 4 * MAX_AHEAD_BYTES });
    expect(roomForChunk(answered, 100)).toBe(4);
  });
});
