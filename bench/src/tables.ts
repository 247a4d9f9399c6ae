// Writes the tables of RESULTS.md and of the main README from results/*.json: medians of all rounds that are on file. With
// --check it writes nothing, and fails if they differ.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Row } from './measuring/row.ts';
import { summaryTable, type Results } from './reporting/summary.ts';
import { tableOf } from './reporting/table.ts';
import { WORKLOADS } from './workloads/registry.ts';

const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const workloads = WORKLOADS.map((make) => make({ scale: 1, roomBytes: Infinity }));
const results: Results = new Map(
  await Promise.all(workloads.map(async ({ name }) => [name, await rowsOf(name)] as const)),
);
const tables = workloads.map((workload) => tableOf(workload, results.get(workload.name)!)).join('\n');
const written = [
  await put(pathOf('../RESULTS.md'), 'tables', tables.trimEnd()),
  await put(pathOf('../../README.md'), 'figures', summaryTable(results)),
];
if (process.argv.includes('--check') && written.includes(true)) {
  console.error('bench/RESULTS.md or README.md has other figures than bench/results. Run: npm run bench:tables');
  process.exitCode = 1;
}

async function rowsOf(workload: string): Promise<readonly Row[]> {
  const text = await readFile(pathOf(`../results/${workload}.json`), 'utf8');
  return (JSON.parse(text) as { rows: Row[] }).rows;
}

/** Puts a text between the markers of that name. Returns whether the file has another one. */
async function put(path: string, marker: string, text: string): Promise<boolean> {
  const before = await readFile(path, 'utf8');
  const [start, end] = [`<!-- ${marker} -->`, `<!-- end of ${marker} -->`];
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${path} has no ${start} ... ${end}`);
  const after = `${before.slice(0, from)}${start}\n\n${text}\n\n${before.slice(to)}`;
  if (!process.argv.includes('--check')) await writeFile(path, after);
  return after !== before;
}
