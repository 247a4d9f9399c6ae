import { SMALLEST_CHUNK_BYTES } from './ack-ledger.js';
import { NODE_LINK, type LinkTuning } from './link-tuning.js';

/**
 * The measured bandwidth and delay of a link, from the acks of all chunks that are sent over it. Pure: every function takes
 * an estimate and returns the next one. It follows BBR (N. Cardwell et al., "BBR: Congestion-Based Congestion Control", ACM
 * Queue, 2016): the highest recent rate and the lowest recent round trip say how much data fills the link. More would wait
 * in a queue, be lost with the connection, and delay heartbeats.
 */
export interface LinkEstimate {
  /** How many bytes may be in flight at once: the size of the congestion window. */
  readonly windowBytes: number;
  /** `growing`: the capacity is not known yet. `probing`: sends little, to measure the round trip without a queue. */
  readonly phase: 'growing' | 'steady' | 'probing';
  /** The highest rate since `bestSince`, in bytes per millisecond. */
  readonly best: number;
  /** The highest rate of the period before. */
  readonly bestBefore: number;
  readonly bestSince: number;
  /** The shortest time from sending a chunk to its ack, in milliseconds, and when it was measured. */
  readonly roundTripMs: number;
  readonly roundTripAt: number;
  readonly round: LinkRound;
}

/** A round ends with the first ack of a chunk that was sent in it. */
interface LinkRound {
  readonly startedAt: number;
  /** The highest rate before the round. */
  readonly rate: number;
  /** How many rounds in a row that rate has not grown. */
  readonly withoutGrowth: number;
  /** Bytes acknowledged since the round started, and when the last ack came. */
  readonly acked: number;
  readonly ackedAt: number;
  /** The size of the congestion window when the round started. */
  readonly windowBytes: number;
}

/** What one ack says about the link. Times are milliseconds of one clock. */
export interface LinkSample {
  readonly sentAt: number;
  readonly ackedAt: number;
  /** The size of the chunk. */
  readonly bytes: number;
  /** Bytes of all uploads that were acknowledged from `sentAt` to `ackedAt`. */
  readonly delivered: number;
  /** Whether there was too little to send to fill the window: then the rate is that of the source, not of the link. */
  readonly idle: boolean;
}

/** Before anything is measured: 48 KiB, 1.5 seconds of a link of 256 kbit/s, the slowest link that is supported. */
export const INITIAL_WINDOW_BYTES = 48 * 1024;

/** One second of that link: two chunks, so that one is in flight while the other is acknowledged. */
const MIN_WINDOW_BYTES = 32 * 1024;
const MAX_WINDOW_BYTES = 64 * 1024 * 1024;

/** At most one second's worth of data is in flight, so that nothing waits longer than that. */
const MAX_QUEUE_MS = 1000;

const GROWING_GAIN = 4;
/** Acks that arrive in bursts make a link look faster than it is, so the window at most quadruples in one round. */
const SPACING_GROWTH = 4;
/** Enough to notice that a link has become faster. What exceeds 1 waits in a queue. */
const STEADY_GAIN = 1.1;
const PROBING_GAIN = 0.5;

/** A link whose rate does not grow by a quarter in three rounds is full (BBR's STARTUP). */
const GROWTH = 1.25;
const ROUNDS_WITHOUT_GROWTH = 3;

/** Rates are forgotten after one to two of these periods: in round trips or in milliseconds, whichever is longer. */
const REMEMBER_ROUNDS = 8;
const REMEMBER_MS = 500;

/** How often the round trip is measured anew, since the route may have changed (BBR's PROBE_RTT). */
const PROBE_EVERY_MS = 10_000;

const NO_ROUND: LinkRound = {
  startedAt: 0,
  rate: 0,
  withoutGrowth: 0,
  acked: 0,
  ackedAt: 0,
  windowBytes: INITIAL_WINDOW_BYTES,
};

export function initialEstimate(windowBytes = INITIAL_WINDOW_BYTES): LinkEstimate {
  return {
    windowBytes,
    phase: 'growing',
    best: 0,
    bestBefore: 0,
    bestSince: 0,
    roundTripMs: Infinity,
    roundTripAt: 0,
    round: NO_ROUND,
  };
}

/** The connection is lost. The next one may take another route, so it starts with half the window. */
export function afterLoss(link: LinkEstimate): LinkEstimate {
  return link.roundTripMs === Infinity ? link : initialEstimate(Math.max(INITIAL_WINDOW_BYTES, link.windowBytes / 2));
}

/**
 * The best chunk size now: a sixteenth of the congestion window, so that acks come steadily and a lost connection, which
 * loses the chunk in flight, costs little; but not so small that the work for each chunk dominates.
 */
export function chunkBytesOf(link: LinkEstimate, { chunkMs, largestChunkBytes }: LinkTuning = NODE_LINK): number {
  const wanted = Math.max(
    link.windowBytes / 16,
    Math.min(link.windowBytes / 4, rateOf(link) * chunkMs),
    Math.min(link.windowBytes / 2, usefulChunk(link)),
  );
  return Math.floor(Math.max(SMALLEST_CHUNK_BYTES, Math.min(wanted, largestChunkBytes)));
}

/** 128 KiB, or what a slow link carries in 60 ms. In smaller chunks, the work for each costs more than its bytes. */
function usefulChunk(link: LinkEstimate): number {
  return Math.max(SMALLEST_CHUNK_BYTES, Math.min(rateOf(link) * USEFUL_CHUNK_MS, USEFUL_CHUNK_BYTES));
}

const USEFUL_CHUNK_MS = 60;
const USEFUL_CHUNK_BYTES = 128 * 1024;

/** The estimate after one more ack. */
export function afterAck(link: LinkEstimate, sample: LinkSample, { slackMs }: LinkTuning = NODE_LINK): LinkEstimate {
  const measured = withPhase(withRound(withRoundTrip(withRate(link, sample), sample), sample), sample, slackMs);
  return { ...measured, windowBytes: windowBytesOf(measured, slackMs) };
}

const rateOf = ({ best, bestBefore }: LinkEstimate): number => Math.max(best, bestBefore);

function withRate(link: LinkEstimate, { sentAt, ackedAt, delivered, idle }: LinkSample): LinkEstimate {
  const rate = delivered / Math.max(ackedAt - sentAt, 0.1);
  if (idle && rate <= rateOf(link)) return link;
  const rememberMs = Math.max(REMEMBER_MS, REMEMBER_ROUNDS * Math.min(link.roundTripMs, ackedAt - sentAt));
  if (ackedAt - link.bestSince < rememberMs) return { ...link, best: Math.max(link.best, rate) };
  return { ...link, best: rate, bestBefore: link.best, bestSince: ackedAt };
}

function withRoundTrip(link: LinkEstimate, { sentAt, ackedAt }: LinkSample): LinkEstimate {
  const elapsedMs = ackedAt - sentAt;
  const measured = { ...link, roundTripMs: elapsedMs, roundTripAt: ackedAt };
  if (elapsedMs <= link.roundTripMs) return measured;
  if (link.phase !== 'probing' || sentAt < link.round.startedAt) return link;
  // The first chunk that met no queue took longer than before: the route has changed, so its capacity is measured anew.
  return elapsedMs > link.roundTripMs * GROWTH ? { ...measured, phase: 'growing', round: NO_ROUND } : measured;
}

function withRound(link: LinkEstimate, { sentAt, ackedAt, bytes, idle }: LinkSample): LinkEstimate {
  const { round } = link;
  if (sentAt < round.startedAt) return { ...link, round: { ...round, acked: round.acked + bytes, ackedAt } };
  const rate = rateOf(link);
  const next = { ...round, startedAt: ackedAt, acked: 0, ackedAt, windowBytes: link.windowBytes };
  if (rate >= round.rate * GROWTH) {
    // This includes a link that was full before and has become faster.
    const phase = link.phase === 'probing' ? link.phase : 'growing';
    return { ...link, phase, round: { ...next, rate, withoutGrowth: 0 } };
  }
  if (link.phase !== 'growing') return { ...link, round: { ...next, rate } };
  return { ...link, round: { ...next, withoutGrowth: round.withoutGrowth + (idle ? 0 : 1) } };
}

function withPhase(link: LinkEstimate, { sentAt, ackedAt }: LinkSample, slackMs: number): LinkEstimate {
  const { phase, round, roundTripAt } = link;
  if (phase === 'growing') {
    // A chunk that took a round trip longer than necessary waited in a queue: the link is full.
    const queued = ackedAt - sentAt > 2 * link.roundTripMs + slackMs;
    return queued || round.withoutGrowth >= ROUNDS_WITHOUT_GROWTH ? { ...link, phase: 'steady' } : link;
  }
  if (ackedAt - roundTripAt < PROBE_EVERY_MS) return { ...link, phase: 'steady' };
  return phase === 'probing' ? link : { ...link, phase: 'probing', round: { ...round, startedAt: ackedAt } };
}

function windowBytesOf(link: LinkEstimate, slackMs: number): number {
  const { phase, roundTripMs, windowBytes } = link;
  const forMs = (ms: number, rate = rateOf(link)) => rate * Math.min(ms, MAX_QUEUE_MS);
  if (phase === 'probing') return bounded(forMs(roundTripMs * PROBING_GAIN));
  if (phase === 'steady') {
    return bounded(Math.max(2 * usefulChunk(link), forMs(roundTripMs * STEADY_GAIN + slackMs)));
  }
  const bySpacing = Math.min(forMs(roundTripMs + slackMs, spacingRate(link)), link.round.windowBytes * SPACING_GROWTH);
  return bounded(Math.max(windowBytes, bySpacing, forMs(roundTripMs * GROWING_GAIN + slackMs)));
}

/**
 * Chunks that were sent at once leave the bottleneck of the link at its rate, and so do their acks. A few chunks therefore
 * show the rate of a link that they do not fill (packet dispersion: R. Prasad et al., "Bandwidth Estimation", IEEE Network,
 * 2003).
 */
function spacingRate({ round }: LinkEstimate): number {
  return round.acked / Math.max(round.ackedAt - round.startedAt, 0.1);
}

const bounded = (bytes: number): number => Math.max(MIN_WINDOW_BYTES, Math.min(bytes, MAX_WINDOW_BYTES));
