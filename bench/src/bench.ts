// Runs the contenders of each workload interleaved, checks each stored file, and reports time and cost.
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare } from './measuring/compare.ts';
import { machineFacts } from './measuring/machine.ts';
import type { Row } from './measuring/row.ts';
import { Running } from './measuring/running.ts';
import { benchOptions, type BenchOptions } from './options.ts';
import { writeResults } from './reporting/results.ts';
import { tableOf } from './reporting/table.ts';

/** Runs the workloads. Resolves with whether all uploads succeeded. */
async function bench(options: BenchOptions, folder: string, running: Running): Promise<boolean> {
  const facts = await machineFacts();
  for (const [name, fact] of Object.entries(facts)) console.log(`${name}: ${fact}`);
  const failures: string[] = [];
  for (const workload of options.workloads) {
    const say = (line: string) => process.stderr.write(`${line}\n`);
    const { contenders, rounds } = options;
    const rows = await compare(workload, { folder, contenders, rounds, running, say });
    console.log(`\n${tableOf(workload, rows)}`);
    await writeResults(workload, rows, facts, options);
    failures.push(...failuresOf(rows).map((failure) => `${workload.name} ${failure}`));
  }
  for (const failure of failures) console.error(failure);
  return failures.length === 0;
}

function failuresOf(rows: readonly Row[]): string[] {
  return rows.flatMap(({ what, contender, outcomes }) =>
    outcomes.flatMap((outcome) =>
      outcome.status === 'failed' ? [`${what.label} ${contender}: ${outcome.why}`.trim()] : [],
    ),
  );
}

const options = await benchOptions(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message);
  process.exit(2);
});
const folder = await mkdtemp(join(tmpdir(), 'upload-streams-bench-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const running = new Running();
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    interrupted = true;
    console.error(`Ended by ${signal}`);
    void running.end().then(() => process.exit(130));
  });
}
try {
  process.exitCode = (await bench(options, folder, running)) ? 0 : 1;
} catch (error) {
  // Errors after an interruption follow from it.
  if (!interrupted) throw error;
}
