import { SMALLEST_CHUNK_BYTES } from './ack-ledger.js';

/**
 * What is known of a link from the acks of all that goes over it. Pure: every function takes an estimate and gives the
 * next one. After BBR (N. Cardwell et al.: "BBR: Congestion-Based Congestion Control", ACM Queue, 2016): the highest
 * rate and the lowest round trip of late say how much fills the link; more would only stand in a queue, be lost by a
 * cut, and starve heartbeats.
 */
export interface LinkEstimate {
  /** How many bytes may be under way at once. */
  readonly target: number;
  /** `growing`: what the link carries is not found yet. `probing`: sends little, to see the round trip without a queue. */
  readonly phase: 'growing' | 'steady' | 'probing';
  /** The highest rate, in bytes a millisecond, since the last one was set aside, and the one set aside. */
  readonly best: number;
  readonly bestBefore: number;
  readonly bestSince: number;
  /** The lowest time from sending a chunk to its ack, in milliseconds, and when it was seen. */
  readonly roundTripMs: number;
  readonly roundTripAt: number;
  readonly round: LinkRound;
}

/** A round lasts until a chunk that was sent in it is acknowledged. */
interface LinkRound {
  readonly startedAt: number;
  /** The highest rate before it, and in how many rounds that did not grow. */
  readonly rate: number;
  readonly withoutGrowth: number;
  /** What was acknowledged since it started, in bytes, and up to when. */
  readonly acked: number;
  readonly ackedAt: number;
  /** The target when it started. */
  readonly target: number;
}

/** An ack, as the link sees it. Times are milliseconds of one clock. */
export interface LinkSample {
  readonly sentAt: number;
  readonly ackedAt: number;
  /** Of the chunk. */
  readonly bytes: number;
  /** Bytes acknowledged from `sentAt` to `ackedAt`. */
  readonly delivered: number;
  /** There was less to send than the link was trusted with: the rate is that of the source, not of the link. */
  readonly idle: boolean;
}

/** Before anything is measured: 48 KiB, one and a half seconds of a link of 256 kbit/s, the slowest we care for. */
export const INITIAL_TARGET_BYTES = 48 * 1024;

/** A second of that link: two chunks, so that one is on its way while the other is acknowledged. */
const MIN_TARGET_BYTES = 32 * 1024;
const MAX_TARGET_BYTES = 64 * 1024 * 1024;

/** Never more than a second of the measured rate, so that nothing waits for longer than that. */
const MAX_QUEUE_MS = 1000;

const GROWING_GAIN = 4;
/** Acks that come in bunches make a link look faster than it is: in a round, the target grows to this many times itself. */
const SPACING_GROWTH = 4;
/** Enough to notice a link that became faster; what is beyond 1 stands in a queue. */
const STEADY_GAIN = 1.1;
const PROBING_GAIN = 0.5;

/** A link that does not grow by a quarter in three rounds is full (BBR's STARTUP). */
const GROWTH = 1.25;
const ROUNDS_WITHOUT_GROWTH = 3;

/** Rates are forgotten after one to two of these, in round trips and in milliseconds, whichever is longer. */
const REMEMBER_ROUNDS = 8;
const REMEMBER_MS = 500;

/** So often the round trip is looked at anew, since the way may have changed (BBR's PROBE_RTT). */
const PROBE_EVERY_MS = 10_000;

const NO_ROUND: LinkRound = {
  startedAt: 0,
  rate: 0,
  withoutGrowth: 0,
  acked: 0,
  ackedAt: 0,
  target: INITIAL_TARGET_BYTES,
};

export function newLink(target = INITIAL_TARGET_BYTES): LinkEstimate {
  return {
    target,
    phase: 'growing',
    best: 0,
    bestBefore: 0,
    bestSince: 0,
    roundTripMs: Infinity,
    roundTripAt: 0,
    round: NO_ROUND,
  };
}

/** The connection is gone, and the next one may take another way: it is trusted with half of what this one was. */
export function linkLost(link: LinkEstimate): LinkEstimate {
  return link.roundTripMs === Infinity ? link : newLink(Math.max(INITIAL_TARGET_BYTES, link.target / 2));
}

/**
 * How large a chunk should be: a sixteenth of what may be under way, so that acks come steadily and a cut, which loses
 * the chunk under way, costs little; but not so small that the work for each chunk shows.
 */
export function chunkBytesOf(link: LinkEstimate, { worthMs, largestBytes }: Platform = NODE): number {
  const wanted = Math.max(
    link.target / 16,
    Math.min(link.target / 4, rateOf(link) * worthMs),
    Math.min(link.target / 2, usefulChunk(link)),
  );
  return Math.floor(Math.max(SMALLEST_CHUNK_BYTES, Math.min(wanted, largestBytes)));
}

/** What differs by platform. */
export interface Platform {
  /**
   * Covers the moments in which either end is busy with something else, in milliseconds of the link. The lowest round trip
   * knows nothing of them: with acks that are 15 ms late now and then, 10 ms would leave a fifth of a link of 20 ms unused
   * (20 ms leave a hundredth).
   */
  readonly slackMs: number;
  /** On a fast link, a chunk has at least what it carries in so many milliseconds. */
  readonly worthMs: number;
  /** Beyond this a larger chunk saves no work, and costs memory at both ends. */
  readonly largestBytes: number;
}

export const NODE: Platform = { slackMs: 20, worthMs: 1, largestBytes: 1024 * 1024 };

/**
 * In a browser, bytes go from process to process, each of which may be busy with something else. Chromium's allocator
 * (PartitionAlloc, `kMaxBucketed`) keeps blocks of up to 960 KiB for the next one; larger ones it maps anew each time.
 */
export const BROWSER: Platform = { slackMs: 100, worthMs: 50, largestBytes: 896 * 1024 };

/** On a slow link a sixteenth of a second of it, on others 128 KiB: below that, chunks cost more than their bytes. */
function usefulChunk(link: LinkEstimate): number {
  return Math.max(SMALLEST_CHUNK_BYTES, Math.min(rateOf(link) * USEFUL_CHUNK_MS, USEFUL_CHUNK_BYTES));
}

const USEFUL_CHUNK_MS = 60;
const USEFUL_CHUNK_BYTES = 128 * 1024;

export function linkAcked(link: LinkEstimate, sample: LinkSample, { slackMs }: Platform = NODE): LinkEstimate {
  const measured = phased(roundCounted(tripMeasured(rateMeasured(link, sample), sample), sample), sample, slackMs);
  return { ...measured, target: targetOf(measured, slackMs) };
}

const rateOf = ({ best, bestBefore }: LinkEstimate): number => Math.max(best, bestBefore);

function rateMeasured(link: LinkEstimate, { sentAt, ackedAt, delivered, idle }: LinkSample): LinkEstimate {
  const rate = delivered / Math.max(ackedAt - sentAt, 0.1);
  if (idle && rate <= rateOf(link)) return link;
  const rememberMs = Math.max(REMEMBER_MS, REMEMBER_ROUNDS * Math.min(link.roundTripMs, ackedAt - sentAt));
  if (ackedAt - link.bestSince < rememberMs) return { ...link, best: Math.max(link.best, rate) };
  return { ...link, best: rate, bestBefore: link.best, bestSince: ackedAt };
}

function tripMeasured(link: LinkEstimate, { sentAt, ackedAt }: LinkSample): LinkEstimate {
  const elapsedMs = ackedAt - sentAt;
  const measured = { ...link, roundTripMs: elapsedMs, roundTripAt: ackedAt };
  if (elapsedMs <= link.roundTripMs) return measured;
  if (link.phase !== 'probing' || sentAt < link.round.startedAt) return link;
  // The first chunk that met no queue took longer than before: the way is another one, and has to be found out anew.
  return elapsedMs > link.roundTripMs * GROWTH ? { ...measured, phase: 'growing', round: NO_ROUND } : measured;
}

function roundCounted(link: LinkEstimate, { sentAt, ackedAt, bytes, idle }: LinkSample): LinkEstimate {
  const { round } = link;
  if (sentAt < round.startedAt) return { ...link, round: { ...round, acked: round.acked + bytes, ackedAt } };
  const rate = rateOf(link);
  const next = { ...round, startedAt: ackedAt, acked: 0, ackedAt, target: link.target };
  if (rate >= round.rate * GROWTH) {
    // Also a link that was full before: it became faster.
    const phase = link.phase === 'probing' ? link.phase : 'growing';
    return { ...link, phase, round: { ...next, rate, withoutGrowth: 0 } };
  }
  if (link.phase !== 'growing') return { ...link, round: { ...next, rate } };
  return { ...link, round: { ...next, withoutGrowth: round.withoutGrowth + (idle ? 0 : 1) } };
}

function phased(link: LinkEstimate, { sentAt, ackedAt }: LinkSample, slackMs: number): LinkEstimate {
  const { phase, round, roundTripAt } = link;
  if (phase === 'growing') {
    // What waited for a round trip longer than it must stood in a queue: the link is full.
    const queued = ackedAt - sentAt > 2 * link.roundTripMs + slackMs;
    return queued || round.withoutGrowth >= ROUNDS_WITHOUT_GROWTH ? { ...link, phase: 'steady' } : link;
  }
  if (ackedAt - roundTripAt < PROBE_EVERY_MS) return { ...link, phase: 'steady' };
  return phase === 'probing' ? link : { ...link, phase: 'probing', round: { ...round, startedAt: ackedAt } };
}

function targetOf(link: LinkEstimate, slackMs: number): number {
  const { phase, roundTripMs, target } = link;
  const forMs = (ms: number, rate = rateOf(link)) => rate * Math.min(ms, MAX_QUEUE_MS);
  if (phase === 'probing') return bounded(forMs(roundTripMs * PROBING_GAIN));
  if (phase === 'steady') {
    return bounded(Math.max(2 * usefulChunk(link), forMs(roundTripMs * STEADY_GAIN + slackMs)));
  }
  const bySpacing = Math.min(forMs(roundTripMs + slackMs, spacingRate(link)), link.round.target * SPACING_GROWTH);
  return bounded(Math.max(target, bySpacing, forMs(roundTripMs * GROWING_GAIN + slackMs)));
}

/**
 * What was sent at once comes out of the link's bottleneck at its rate, and so do the acks for it: so a few chunks tell
 * the rate of a link which they do not fill (packet dispersion: R. Prasad et al., "Bandwidth Estimation", IEEE Network,
 * 2003).
 */
function spacingRate({ round }: LinkEstimate): number {
  return round.acked / Math.max(round.ackedAt - round.startedAt, 0.1);
}

const bounded = (bytes: number): number => Math.max(MIN_TARGET_BYTES, Math.min(bytes, MAX_TARGET_BYTES));
