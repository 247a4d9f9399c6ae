import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Row } from '../measuring/row.ts';
import type { Workload } from '../workloads/workload.ts';
import type { BenchOptions } from '../options.ts';
import { drawPlot } from './draw-plot.ts';

const folderOf = (name: string): string => fileURLToPath(new URL(`../../${name}/`, import.meta.url));

/** Writes the figures of a workload as JSON, and draws its plots if it has any. */
export async function writeResults(
  workload: Workload,
  rows: readonly Row[],
  facts: Readonly<Record<string, string>>,
  { scale, quick }: BenchOptions,
): Promise<void> {
  const { name, title, baselines } = workload;
  const extension = quick ? 'quick.' : '';
  const record = { ...facts, workload: name, title, scale, baselines, rows };
  await write('results', `${name}.${extension}json`, `${JSON.stringify(record, null, 2)}\n`);
  for (const plot of workload.plots?.(rows) ?? []) {
    await write('plots', `${plot.name}.${extension}svg`, drawPlot(plot));
  }
}

async function write(folder: string, name: string, content: string): Promise<void> {
  const path = folderOf(folder);
  await mkdir(path, { recursive: true });
  await writeFile(join(path, name), content);
}
