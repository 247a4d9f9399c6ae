import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  chunkBytesOf,
  INITIAL_WINDOW_BYTES,
  afterAck,
  afterLoss,
  initialEstimate,
  type LinkEstimate,
} from './link-estimate.js';

const KIB = 1024;
const MIB = 1024 * KIB;

interface SimulatedLink {
  readonly bytesPerSecond: number;
  readonly roundTripMs: number;
}

/** Sends all the time over a link with a queue before it; `linkAt` may change it as time goes by. */
function simulate(linkAt: (now: number) => SimulatedLink, untilMs: number, start = initialEstimate(), from = 0) {
  let link = start;
  let now = from;
  let freeAt = from;
  let inFlight = 0;
  let delivered = 0;
  const queue: { bytes: number; sentAt: number; deliveredThen: number; ackAt: number }[] = [];
  const waits: { sentAt: number; ms: number }[] = [];
  while (now < untilMs) {
    for (;;) {
      const bytes = chunkBytesOf(link);
      if (inFlight > 0 && inFlight + bytes > link.windowBytes) break;
      const { bytesPerSecond, roundTripMs } = linkAt(now);
      waits.push({ sentAt: now, ms: Math.max(0, freeAt - now) });
      freeAt = Math.max(freeAt, now) + (bytes / bytesPerSecond) * 1000;
      queue.push({ bytes, sentAt: now, deliveredThen: delivered, ackAt: freeAt + roundTripMs });
      inFlight += bytes;
    }
    const { bytes, sentAt, deliveredThen, ackAt } = queue.shift()!;
    now = Math.max(now, ackAt);
    inFlight -= bytes;
    delivered += bytes;
    link = afterAck(link, { sentAt, ackedAt: now, bytes, delivered: delivered - deliveredThen, idle: false });
  }
  const longestWaitMs = (since = 0) => Math.max(...waits.filter(({ sentAt }) => sentAt >= since).map(({ ms }) => ms));
  return { link, delivered, bytesPerSecond: (delivered / (now - from)) * 1000, longestWaitMs };
}

const steadyLink = (bytesPerSecond: number, roundTripMs: number) => () => ({ bytesPerSecond, roundTripMs });

describe('a link', () => {
  it.each([0, 20, 100, 200])('of 100 Mbit/s and %d ms is filled within two seconds', (roundTripMs) => {
    const { bytesPerSecond } = simulate(steadyLink(12.5e6, roundTripMs), 10_000);
    expect(bytesPerSecond).toBeGreaterThan(0.9 * 12.5e6);
    const warm = simulate(steadyLink(12.5e6, roundTripMs), 1000).link;
    expect(simulate(steadyLink(12.5e6, roundTripMs), 20_000, warm, 1000).bytesPerSecond).toBeGreaterThan(0.97 * 12.5e6);
  });

  it.each([20, 100, 200])('of 100 Mbit/s and %d ms has little more in flight than fills it', (roundTripMs) => {
    const { windowBytes } = simulate(steadyLink(12.5e6, roundTripMs), 9_000).link;
    const queueMs = windowBytes / 12.5e3 - roundTripMs;
    expect(queueMs).toBeGreaterThan(0);
    expect(queueMs).toBeLessThan(25 + 0.15 * roundTripMs);
  });

  it.each([0, 20, 200])('of 256 kbit/s and %d ms never has two seconds queued', (roundTripMs) => {
    const { longestWaitMs, bytesPerSecond } = simulate(steadyLink(32 * KIB, roundTripMs), 60_000);
    expect(longestWaitMs()).toBeLessThan(2000);
    expect(bytesPerSecond).toBeGreaterThan(0.9 * 32 * KIB);
  });

  it.each([20, 100])('of %d ms whose rate drops tenfold never has two seconds queued', (roundTripMs) => {
    const drop = (now: number) => ({ bytesPerSecond: now < 5000 ? 1.25e6 : 1.25e5, roundTripMs });
    const { longestWaitMs } = simulate(drop, 30_000);
    expect(longestWaitMs()).toBeLessThan(2000);
    expect(longestWaitMs(15_000)).toBeLessThan(1000);
  });

  it('whose rate rises tenfold is filled again', () => {
    const rise = (now: number) => ({ bytesPerSecond: now < 5000 ? 1.25e6 : 12.5e6, roundTripMs: 50 });
    const { delivered } = simulate(rise, 20_000);
    expect(delivered).toBeGreaterThan(0.85 * (5 * 1.25e6 + 15 * 12.5e6));
  });

  it('whose route becomes longer is filled again, once the round trip is measured anew', () => {
    const detour = (now: number) => ({ bytesPerSecond: 12.5e6, roundTripMs: now < 5000 ? 20 : 150 });
    const { link } = simulate(detour, 20_000);
    expect(simulate(detour, 40_000, link, 20_000).bytesPerSecond).toBeGreaterThan(0.9 * 12.5e6);
  });

  it('without delay gets a window that keeps both ends busy', () => {
    expect(simulate(steadyLink(1e9, 0.2), 1000).link.windowBytes).toBeGreaterThan(8 * MIB);
  });
});

describe('afterAck', () => {
  const sample = fc.record({
    sentAt: fc.double({ min: 0, max: 1e6, noNaN: true }),
    elapsedMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
    delivered: fc.integer({ min: 1, max: 64 * MIB }),
    idle: fc.boolean(),
  });

  it('keeps the window between 32 KiB and 64 MiB, whatever acks come', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 50 }), (samples) => {
        let link: LinkEstimate = initialEstimate();
        for (const { sentAt, elapsedMs, delivered, idle } of samples) {
          link = afterAck(link, { sentAt, ackedAt: sentAt + elapsedMs, bytes: delivered, delivered, idle });
          expect(link.windowBytes).toBeGreaterThanOrEqual(32 * KIB);
          expect(link.windowBytes).toBeLessThanOrEqual(64 * MIB);
          expect(chunkBytesOf(link)).toBeGreaterThanOrEqual(16 * KIB);
        }
      }),
    );
  });

  it('does not take a source with little to send for a slow link', () => {
    let { link } = simulate(steadyLink(12.5e6, 50), 3000);
    const { windowBytes } = link;
    for (let at = 3000; at < 8000; at += 100) {
      link = afterAck(link, { sentAt: at - 55, ackedAt: at, bytes: 1000, delivered: 1000, idle: true });
    }
    expect(link.windowBytes).toBe(windowBytes);
  });
});

describe('afterLoss', () => {
  it('halves the window for the next connection', () => {
    const { link } = simulate(steadyLink(12.5e6, 100), 3000);
    expect(afterLoss(link).windowBytes).toBe(link.windowBytes / 2);
    expect(afterLoss(afterLoss(link))).toEqual(afterLoss(link));
  });

  it('never goes below the initial window', () => {
    const { link } = simulate(steadyLink(32 * KIB, 100), 3000);
    expect(afterLoss(link).windowBytes).toBe(INITIAL_WINDOW_BYTES);
  });
});
