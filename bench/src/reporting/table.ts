import type { Row } from '../measuring/row.ts';
import type { Workload } from '../workloads/workload.ts';
import { ratioTo, type Column } from './columns.ts';

const contender: Column = { head: 'contender', cell: (row) => row.contender };
const label: Column = { head: 'case', cell: ({ what }) => what.label };

/** The Markdown table of a workload, with its heading. */
export function tableOf(workload: Workload, rows: readonly Row[]): string {
  const columns = columnsOf(workload);
  const heads = columns.map(({ head }) => head);
  const lines = rows.map((row) => columns.map(({ cell }) => cell(row, rows)));
  return `### ${workload.title}\n\n${markdownTable(heads, lines)}\n`;
}

/** As Prettier formats it. */
export function markdownTable(heads: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = heads.map((head, n) => Math.max(3, head.length, ...lines.map((line) => line[n]!.length)));
  const asRow = (cells: readonly string[]) => `| ${cells.map((cell, n) => cell.padEnd(widths[n]!)).join(' | ')} |`;
  return [asRow(heads), asRow(widths.map((width) => '-'.repeat(width))), ...lines.map(asRow)].join('\n');
}

function columnsOf({ cases, contenders, baselines, columns }: Workload): Column[] {
  const [first, ...others] = columns;
  // With one contender there is nothing to compare.
  const ratios = contenders.length > 1 ? baselines.map(ratioTo) : [];
  return [...(cases.length > 1 ? [label] : []), contender, first!, ...ratios, ...others];
}
