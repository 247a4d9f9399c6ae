import { describe, expect, it } from '@jest/globals';
import type { BegunUpload } from '@upload-streams/protocol';
import fc from 'fast-check';
import { beginFlight, chunkAcked, chunkSent, roomForChunk, SMALLEST_CHUNK_BYTES, type InFlight } from './ack-ledger.js';

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
  it('never sends past the edge, or a chunk larger than is wanted or than the server takes, whatever acks come', () => {
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
        let flight = beginFlight(begun(facts));
        const outstanding: number[] = [];
        for (const { ack, window, chunkBytes } of steps) {
          const bytes = ack ? outstanding.shift() : undefined;
          if (bytes !== undefined) {
            const offset = flight.acked + bytes;
            flight = chunkAcked(flight, { offset, durable: offset, window });
          }
          const room = roomForChunk(flight, chunkBytes);
          expect(room).toBeGreaterThanOrEqual(0);
          if (room === 0) continue;
          expect(room).toBeLessThanOrEqual(facts.maxChunkSize);
          expect(flight.sent + room).toBeLessThanOrEqual(flight.edge);
          expect(room).toBeLessThanOrEqual(chunkBytes);
          outstanding.push(room);
          flight = chunkSent(flight, room);
        }
      }),
    );
  });

  it.each([
    ['half of a small window', 400, 200],
    ['a quarter of a large one', 2000, 500],
    ['what is worth the work of one between', 800, 256],
  ])('sends no more than %s at a time, so that the next chunk is under way before the ack', (_, window, chunk) => {
    expect(roomForChunk(flightOf({ edge: window * KIB }), MIB)).toBe(chunk * KIB);
  });

  it('sends no chunk larger than the server takes, however large the one wanted', () => {
    expect(roomForChunk(flightOf({ edge: 64 * MIB, maxChunkBytes: 100 * KIB }), MIB)).toBe(100 * KIB);
  });

  it('uses a window too small for a whole chunk when nothing else moves', () => {
    expect(roomForChunk(flightOf({ edge: 5 }), MIB)).toBe(5);
  });

  it('waits for more than a small rest of the window while something moves', () => {
    expect(roomForChunk(flightOf({ sent: 16 * KIB, edge: 16 * KIB + 5 }), MIB)).toBe(0);
  });

  it('sends nothing into a closed window', () => {
    expect(roomForChunk(flightOf({ edge: 0 }), MIB)).toBe(0);
  });

  it('sends nothing after the server moved its edge back behind what was sent', () => {
    const flight = chunkAcked(flightOf({ sent: 64 * KIB }), { offset: 16 * KIB, durable: 0, window: 0 });
    expect(roomForChunk(flight, MIB)).toBe(0);
  });
});

describe('beginFlight', () => {
  it('begins at the offset of the server with its window', () => {
    expect(beginFlight(begun({ offset: 100, durable: 40, window: 1000 }))).toEqual({
      sent: 100,
      acked: 100,
      durable: 40,
      edge: 1100,
      maxChunkBytes: MIB,
    });
  });
});

describe('chunkAcked', () => {
  it('takes offset, durable offset and window from the ack', () => {
    const flight = chunkAcked(flightOf({ sent: 300 }), { offset: 200, durable: 150, window: 50 });
    expect(flight).toMatchObject({ sent: 300, acked: 200, durable: 150, edge: 250 });
  });
});
