import type { Measured } from '../measuring/outcome.ts';
import type { Row } from '../measuring/row.ts';
import { median } from '../measuring/statistics.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** A column of a table. `rows` are all rows, for figures that are relative to another row. */
export interface Column {
  readonly head: string;
  readonly cell: (row: Row, rows: readonly Row[]) => string;
}

type Pick = (measured: Measured, row: Row) => number | undefined;

const bytesOf = ({ what: { files } }: Row): number => files.count * files.bytes;

export const measuredOf = ({ outcomes }: Row): Measured[] =>
  outcomes.flatMap((outcome) => (outcome.status === 'measured' ? [outcome.measured] : []));

/** The median of all rounds that have the figure. Undefined if none has it. */
export function medianOf(row: Row, pick: Pick): number | undefined {
  const values = measuredOf(row)
    .map((measured) => pick(measured, row))
    .filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

const figure = (head: string, digits: number, pick: Pick): Column => ({
  head,
  cell: (row) => medianOf(row, pick)?.toFixed(digits) ?? 'n/a',
});

const perGib = (seconds: number | undefined, row: Row): number | undefined =>
  seconds === undefined ? undefined : (seconds * GIB) / bytesOf(row);

export const seconds: Column = {
  head: 'seconds (min–max)',
  cell: (row) => {
    const all = measuredOf(row).map((measured) => measured.seconds);
    const other = row.outcomes.find(({ status }) => status !== 'measured');
    if (all.length === 0 || other?.status === 'failed') return other?.status ?? 'n/a';
    const range = `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)}–${Math.max(...all).toFixed(2)})`;
    return other ? `${range}, or never` : range;
  },
};

/** How many times as fast as the baseline: the ratio within each round, and the median of these. */
export const ratioTo = (baseline: string): Column => ({
  head: `× ${baseline}`,
  cell: (row, rows) => {
    const base = rows.find(({ what, contender }) => what.label === row.what.label && contender === baseline);
    const ratios = row.outcomes.flatMap((outcome, round) => {
      const beside = base?.outcomes[round];
      return outcome.status === 'measured' && beside?.status === 'measured'
        ? [beside.measured.seconds / outcome.measured.seconds]
        : [];
    });
    return ratios.length === 0 ? 'n/a' : median(ratios).toFixed(2);
  },
});

export const mibPerSecond = figure('MiB/s', 0, ({ seconds }, row) => bytesOf(row) / MIB / seconds);
export const filesPerSecond = figure('files/s', 0, ({ seconds }, { what }) => what.files.count / seconds);
export const serverCpu = figure('server CPU s/GiB', 2, (measured, row) => perGib(measured.serverCpuSeconds, row));
export const clientCpu = figure('client CPU s/GiB', 2, (measured, row) => perGib(measured.clientCpuSeconds, row));
export const serverPeak = figure('server peak MiB', 0, ({ serverPeakMib }) => serverPeakMib);
export const serverIdle = figure('server idle MiB', 0, ({ serverIdleMib }) => serverIdleMib);
export const serverGrowth = figure('growth MiB', 0, ({ serverIdleMib: idle, serverPeakMib: peak }) =>
  idle === undefined || peak === undefined ? undefined : peak - idle,
);
export const loopDelay = figure('event loop p99 ms', 0, ({ loopDelayMs }) => loopDelayMs);
export const fairness = figure("Jain's fairness", 4, (measured) => measured.fairness);
export const connections = figure('connections', 0, (measured) => measured.connections);
export const longestTask = figure('longest task ms', 0, ({ longestTaskMs }) => longestTaskMs);
export const heap = figure('JS heap MiB', 1, ({ heapMib }) => heapMib);
export const longestWait = figure('longest wait s', 2, (measured) => measured.longestWait);
export const sentBeyond = figure('sent beyond the file %', 2, (measured, row) =>
  measured.sentBeyond === undefined ? undefined : (100 * measured.sentBeyond) / bytesOf(row),
);
export const sentBeyondMib = figure('sent beyond the file MiB', 2, ({ sentBeyond: bytes }) =>
  bytes === undefined ? undefined : bytes / MIB,
);

/** The time that the bytes of the file take over the link, as a share of the time that the upload took. */
export const shareOfLink = figure('share of the link', 3, ({ seconds }, row) => {
  const { link } = row.what;
  return link && link.slowerAfterMs === undefined ? bytesOf(row) / link.bytesPerSecond / seconds : undefined;
});

/** The costs of any upload. */
export const COSTS: readonly Column[] = [serverCpu, serverPeak, clientCpu];
