import { OURS } from '../contenders/registry.ts';
import type { Row } from '../measuring/row.ts';
import { filesPerSecond, medianOf, shareOfLink } from './columns.ts';
import { markdownTable } from './table.ts';

/** The rows of each workload, by the workload's name. */
export type Results = ReadonlyMap<string, readonly Row[]>;

interface Line {
  readonly label: string;
  readonly workload: string;
  /** Of a workload with several cases. */
  readonly caseLabel?: string;
  /** Added to the names of the contenders. */
  readonly suffix?: string;
  readonly cell: (row: Row, rows: readonly Row[]) => string;
}

const CONTENDERS = [OURS, 'tus-patch', 'put'];
const HEADS = ['', 'Upload Streams', 'tus, one PATCH', 'HTTP PUT'];
const PROMISES = ['checks each chunk, reads the file back, syncs it', 'yes', 'no', 'no'];

const secondsOf = (row: Row): string => medianOf(row, ({ seconds }) => seconds)?.toFixed(2) ?? 'n/a';
const peakOf = (row: Row): string => medianOf(row, ({ serverPeakMib }) => serverPeakMib)?.toFixed(0) ?? 'n/a';

const LINES: readonly Line[] = [
  { label: '1 GiB from Node, seconds', workload: 'one-gib', cell: secondsOf },
  { label: '2,000 files of 10 KiB, files per second', workload: 'small-files', cell: filesPerSecond.cell },
  {
    label: "200 uploads of 5 MiB at once, seconds; server's peak memory",
    workload: 'many-at-once',
    cell: (row) => `${secondsOf(row)}; ${peakOf(row)} MiB`,
  },
  { label: '64 MiB over 100 Mbit/s and 100 ms, share of the link', workload: 'wan', cell: shareOfLink.cell },
  {
    label: '1 GiB from Chromium, seconds',
    workload: 'browser',
    caseLabel: '1 GiB',
    suffix: ' in Chromium',
    cell: secondsOf,
  },
];

/** The table of the main README: medians of all rounds. */
export function summaryTable(results: Results): string {
  return markdownTable(HEADS, [PROMISES, ...LINES.map((line) => cellsOf(line, results.get(line.workload) ?? []))]);
}

function cellsOf({ label, caseLabel = '', suffix = '', cell }: Line, rows: readonly Row[]): string[] {
  const cells = CONTENDERS.map((contender) => {
    const row = rows.find((one) => one.what.label === caseLabel && one.contender === contender + suffix);
    return row ? cell(row, rows) : 'n/a';
  });
  return [label, ...cells];
}
