import { describe, expect, it } from '@jest/globals';
import type { BegunUpload } from '@upload-streams/protocol';
import fc from 'fast-check';
import { beginFlight, chunkAcked, chunkSent, INITIAL_TARGET_BYTES, roomForChunk, type InFlight } from './in-flight.js';

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

const flightOf = (facts: Partial<InFlight> = {}): InFlight => ({ ...beginFlight(begun()), ...facts });

describe('roomForChunk', () => {
  it('never sends past the edge, past the target or a chunk larger than the server takes, whatever acks come', () => {
    const step = fc.record({
      ack: fc.boolean(),
      window: fc.integer({ min: 0, max: 4 * MIB }),
      elapsedMs: fc.integer({ min: 0, max: 5000 }),
    });
    const start = fc.record({
      offset: fc.integer({ min: 0, max: 2 ** 40 }),
      window: fc.integer({ min: 0, max: 4 * MIB }),
      maxChunkSize: fc.integer({ min: 64 * KIB, max: 2 * MIB }),
    });
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 60 }), (facts, steps) => {
        let flight = beginFlight(begun(facts));
        const outstanding: number[] = [];
        for (const { ack, window, elapsedMs } of steps) {
          const bytes = ack ? outstanding.shift() : undefined;
          if (bytes !== undefined) {
            const offset = flight.acked + bytes;
            flight = chunkAcked(flight, { offset, durable: offset, window }, bytes, elapsedMs);
          }
          const room = roomForChunk(flight);
          expect(room).toBeGreaterThanOrEqual(0);
          if (room === 0) continue;
          expect(room).toBeLessThanOrEqual(facts.maxChunkSize);
          expect(flight.sent + room).toBeLessThanOrEqual(flight.edge);
          expect(flight.sent + room - flight.acked).toBeLessThanOrEqual(flight.target);
          outstanding.push(room);
          flight = chunkSent(flight, room);
        }
      }),
    );
  });

  it('sends a sixteenth of the target at a time, so that acks come steadily', () => {
    expect(roomForChunk(flightOf({ target: 800 * KIB }))).toBe(50 * KIB);
  });

  it('sends no chunk larger than the server takes, however large the target', () => {
    expect(roomForChunk(flightOf({ target: 64 * MIB, edge: 64 * MIB, maxChunkBytes: 100 * KIB }))).toBe(100 * KIB);
  });

  it('uses a window too small for a whole chunk when nothing else moves', () => {
    expect(roomForChunk(flightOf({ edge: 5 }))).toBe(5);
  });

  it('waits for more than a small rest of the window while something moves', () => {
    expect(roomForChunk(flightOf({ sent: 16 * KIB, edge: 16 * KIB + 5 }))).toBe(0);
  });

  it('sends nothing into a closed window', () => {
    expect(roomForChunk(flightOf({ edge: 0 }))).toBe(0);
  });

  it('sends nothing after the server moved its edge back behind what was sent', () => {
    const flight = chunkAcked(flightOf({ sent: 64 * KIB }), { offset: 16 * KIB, durable: 0, window: 0 }, 16 * KIB, 10);
    expect(roomForChunk(flight)).toBe(0);
  });
});

describe('beginFlight', () => {
  it('begins at the offset of the server with its window, and trusts the link with 64 KiB', () => {
    expect(beginFlight(begun({ offset: 100, durable: 40, window: 1000 }))).toEqual({
      sent: 100,
      acked: 100,
      durable: 40,
      edge: 1100,
      maxChunkBytes: MIB,
      target: 64 * KIB,
    });
  });
});

describe('chunkAcked', () => {
  it('takes offset, durable offset and window from the ack', () => {
    const flight = chunkAcked(flightOf({ sent: 300 }), { offset: 200, durable: 150, window: 50 }, 200, 100);
    expect(flight).toMatchObject({ sent: 300, acked: 200, durable: 150, edge: 250 });
  });

  it('trusts the link with a second of the rate that was measured', () => {
    const flight = chunkAcked(flightOf({ target: MIB }), { offset: 0, durable: 0, window: 0 }, 150 * KIB, 200);
    expect(flight.target).toBe(750 * KIB);
  });

  it('at most doubles and at most halves the target, and never goes below the first one', () => {
    const target = fc.integer({ min: INITIAL_TARGET_BYTES, max: 1024 * MIB });
    const bytes = fc.integer({ min: 0, max: 64 * MIB });
    const elapsedMs = fc.double({ min: 0, max: 60_000, noNaN: true });
    fc.assert(
      fc.property(target, bytes, elapsedMs, (before, acked, elapsed) => {
        const ack = { offset: acked, durable: 0, window: 0 };
        const after = chunkAcked(flightOf({ target: before }), ack, acked, elapsed).target;
        expect(after).toBeLessThanOrEqual(2 * before);
        expect(after).toBeGreaterThanOrEqual(Math.max(before / 2, INITIAL_TARGET_BYTES));
      }),
    );
  });
});

describe('a link', () => {
  /** Sends for a while over a link of a fixed rate with a queue before it; gives the most that was ever under way, in bytes. */
  function simulate(bytesPerSecond: number, roundTripMs: number, chunks: number) {
    let flight = beginFlight(begun({ window: 64 * MIB }));
    let now = 0;
    let linkFreeAt = 0;
    let mostInFlight = 0;
    const queue: { bytes: number; sentAt: number; ackedThen: number; ackAt: number }[] = [];
    for (let acks = 0; acks < chunks; acks++) {
      for (let room = roomForChunk(flight); room > 0; room = roomForChunk(flight)) {
        linkFreeAt = Math.max(linkFreeAt, now) + (room / bytesPerSecond) * 1000;
        queue.push({ bytes: room, sentAt: now, ackedThen: flight.acked, ackAt: linkFreeAt + roundTripMs });
        flight = chunkSent(flight, room);
        mostInFlight = Math.max(mostInFlight, flight.sent - flight.acked);
      }
      const { bytes, sentAt, ackedThen, ackAt } = queue.shift()!;
      now = ackAt;
      const offset = flight.acked + bytes;
      flight = chunkAcked(flight, { offset, durable: offset, window: 64 * MIB }, offset - ackedThen, now - sentAt);
    }
    return { mostInFlight, bytesPerSecond: (flight.acked / now) * 1000 };
  }

  it.each([0, 20, 200])('of 32 KiB/s and %d ms never has more than two seconds in flight', (roundTripMs) => {
    const { mostInFlight } = simulate(32 * KIB, roundTripMs, 500);
    expect(mostInFlight).toBeLessThanOrEqual(2 * 32 * KIB);
  });

  it.each([
    [256 * KIB, 50],
    [2 * MIB, 100],
    [20 * MIB, 200],
  ])('of %d bytes a second and %d ms is filled, without a queue of two seconds', (rate, roundTripMs) => {
    const { mostInFlight, bytesPerSecond } = simulate(rate, roundTripMs, 2000);
    expect(bytesPerSecond).toBeGreaterThan(0.9 * rate);
    expect(mostInFlight).toBeLessThan(2 * rate);
  });
});
