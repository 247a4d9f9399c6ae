import type { Row } from '../measuring/row.ts';
import type { Workload } from '../workloads/workload.ts';
import { ratioTo, type Column } from './columns.ts';

const contender: Column = { head: 'contender', cell: (row) => row.contender };
const label: Column = { head: 'case', cell: ({ what }) => what.label };

/** A Markdown table of a workload. */
export function tableOf(workload: Workload, rows: readonly Row[]): string {
  const columns = columnsOf(workload);
  const lines = rows.map((row) => columns.map(({ cell }) => cell(row, rows)));
  const widths = columns.map(({ head }, n) => Math.max(head.length, ...lines.map((line) => line[n]!.length)));
  const asRow = (cells: readonly string[]) => `| ${cells.map((cell, n) => cell.padEnd(widths[n]!)).join(' | ')} |`;
  const heads = asRow(columns.map(({ head }) => head));
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [`### ${workload.title}`, '', heads, rule, ...lines.map(asRow), ''].join('\n');
}

function columnsOf({ cases, contenders, baselines, columns }: Workload): Column[] {
  const [first, ...others] = columns;
  // A contender that is alone has nobody to be compared with.
  const ratios = contenders.length > 1 ? baselines.map(ratioTo) : [];
  return [...(cases.length > 1 ? [label] : []), contender, first!, ...ratios, ...others];
}
