import { OURS } from '../contenders/registry.ts';
import type { Case } from '../measuring/case.ts';
import { mibPerSecond, seconds, serverCpu, serverIdle, serverPeak } from '../reporting/columns.ts';
import { plotOf, type PlotsOf, type PlotSketch } from '../reporting/plots.ts';
import { countInWords } from '../reporting/words.ts';
import { scaled, type MakeWorkload } from './workload.ts';

const MIB = 1024 ** 2;
const COUNTS = [1, 10, 100, 1000];
const CONNECTIONS = 8;

const caseOf = (count: number): Case => ({
  label: `${countInWords(count)} at once`,
  files: { count, bytes: MIB },
  atOnce: count,
  connections: Math.min(CONNECTIONS, count),
});

const across: PlotSketch['across'] = {
  label: 'uploads of 1 MiB at once',
  of: ({ what }) => what.files.count,
  format: countInWords,
};

const plots: PlotsOf = (rows) => [
  ...plotOf(
    {
      name: 'counts-seconds',
      title: 'How long uploads take, by their number',
      across,
      up: { label: 'seconds', of: (measured) => measured.seconds },
    },
    rows,
  ),
  ...plotOf(
    {
      name: 'counts-memory',
      title: "The server's peak memory, by the number of uploads",
      across,
      up: { label: 'MiB', of: (measured) => measured.serverPeakMib },
    },
    rows,
  ),
];

export const counts: MakeWorkload = (settings) => ({
  name: 'counts',
  title: `Uploads of 1 MiB at once, over ${CONNECTIONS} connections`,
  // When scaled down, several counts may be equal.
  cases: [...new Set(COUNTS.map((count) => scaled(count, settings)))].map(caseOf),
  contenders: [OURS],
  baselines: [],
  columns: [seconds, mibPerSecond, serverCpu, serverIdle, serverPeak],
  plots,
});
