import { OURS } from '../contenders/registry.ts';
import type { Case } from '../measuring/case.ts';
import type { LinkFacts } from '../measuring/link-process.ts';
import { connections, longestWait, seconds, sentBeyond, shareOfLink } from '../reporting/columns.ts';
import { scaled, type MakeWorkload, type WorkloadSettings } from './workload.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** 1 Mbit/s in bytes per second. */
const MBIT = 125_000;
const DROP_LINK: LinkFacts = { bytesPerSecond: 10 * MBIT, roundTripMs: 50 };

const over = (label: string, bytes: number, link: LinkFacts): Case => ({
  label,
  files: { count: 1, bytes },
  atOnce: 1,
  connections: 1,
  link,
  // Long enough for the client to measure the link, but short on slow links.
  warmUpBytes: Math.min(8 * MIB, link.bytesPerSecond),
  watchQueue: true,
  giveUpSeconds: 120,
});

const roundTrips = (settings: WorkloadSettings): Case[] =>
  [0, 20, 100, 200].map((roundTripMs) =>
    over(`100 Mbit/s, RTT ${roundTripMs} ms`, scaled(64 * MIB, settings), { bytesPerSecond: 100 * MBIT, roundTripMs }),
  );

const narrow = (settings: WorkloadSettings): Case =>
  over('256 kbit/s, RTT 100 ms', scaled(512 * KIB, settings), { bytesPerSecond: 0.256 * MBIT, roundTripMs: 100 });

/** The rate drops after half of the file. */
function dropping(settings: WorkloadSettings): Case {
  const bytes = scaled(8 * MIB, settings);
  const slowerAfterMs = (1000 * bytes) / 2 / DROP_LINK.bytesPerSecond;
  return over('10 Mbit/s, then 1 Mbit/s, RTT 50 ms', bytes, { ...DROP_LINK, slowerAfterMs });
}

export const links: MakeWorkload = (settings) => ({
  name: 'links',
  title: 'Links of all kinds, from a warm connection',
  cases: [...roundTrips(settings), narrow(settings), dropping(settings)],
  contenders: [OURS],
  baselines: [],
  columns: [seconds, shareOfLink, longestWait, connections, sentBeyond],
});
