import { OURS } from '../contenders/registry.ts';
import type { LinkFacts } from '../measuring/link-process.ts';
import {
  clientCpu,
  connections,
  seconds,
  sentBeyond,
  sentBeyondMib,
  serverCpu,
  shareOfLink,
} from '../reporting/columns.ts';
import { sizeInWords } from '../reporting/words.ts';
import { scaled, type MakeWorkload } from './workload.ts';

const MIB = 1024 ** 2;
/** 100 Mbit/s. */
const LINK: LinkFacts = { bytesPerSecond: 12_500_000, roundTripMs: 100 };

export const wan: MakeWorkload = (settings) => ({
  name: 'wan',
  title: `${sizeInWords(scaled(64 * MIB, settings))} over 100 Mbit/s with a round trip of 100 ms, from a warm connection`,
  cases: [
    {
      label: '',
      files: { count: 1, bytes: scaled(64 * MIB, settings) },
      atOnce: 1,
      connections: 1,
      link: LINK,
      warmUpBytes: 8 * MIB,
      giveUpSeconds: 120,
    },
  ],
  // The proxy gives each connection the whole rate, which would favour parallel uploads.
  contenders: [OURS, 'tus-patch', 'tus-8MiB', 'tus-1MiB', 'put', 'ws'],
  baselines: ['put', 'tus-patch'],
  columns: [seconds, shareOfLink, connections, sentBeyond, serverCpu, clientCpu],
});

export const wanCuts: MakeWorkload = (settings) => ({
  name: 'wan-cuts',
  title: `${sizeInWords(scaled(64 * MIB, settings))} over the same link, every connection cut when it is 3 s old`,
  cases: [
    {
      label: '',
      files: { count: 1, bytes: scaled(64 * MIB, settings) },
      atOnce: 1,
      connections: 1,
      link: { ...LINK, cutAfterMs: 3000 },
      // Small enough to end before the first cut.
      warmUpBytes: 100_000,
      giveUpSeconds: 60,
    },
  ],
  contenders: [OURS, 'tus-patch'],
  baselines: ['tus-patch'],
  columns: [seconds, sentBeyondMib, sentBeyond, connections],
});
