import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Contender } from '../contenders/contender.ts';
import { contenderNamed } from '../contenders/registry.ts';
import type { Workload } from '../workloads/workload.ts';
import type { Case } from './case.ts';
import type { Outcome } from './outcome.ts';
import type { Row } from './row.ts';
import type { Running } from './running.ts';
import { makeSources } from './sources.ts';
import { takeTurn } from './turn.ts';

/**
 * Stored files of up to 1 MiB are kept until the end of the case, those of up to 64 KiB until the end of the run. For some
 * minutes after thousands of files were removed, ext4 skips their inodes one by one, and creating a file takes ten times as
 * long.
 */
const KEPT_FOR_CASE_BYTES = 1024 * 1024;
const KEPT_TO_END_BYTES = 64 * 1024;

export interface Comparison {
  readonly folder: string;
  /** All contenders that a workload may name. */
  readonly contenders: readonly Contender[];
  readonly rounds: number;
  readonly running: Running;
  /** Called after each turn. */
  readonly say: (line: string) => void;
}

/** Runs the cases of a workload one after another, and the contenders of each case interleaved. */
export async function compare(workload: Workload, comparison: Comparison): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [n, what] of workload.cases.entries()) {
    const folder = join(comparison.folder, `${workload.name}-${n}`);
    rows.push(...(await compareAt(what, workload, { ...comparison, folder })));
  }
  return rows;
}

/** Each round starts with another contender, so that none always runs right after the same one. */
async function compareAt(what: Case, workload: Workload, comparison: Comparison): Promise<Row[]> {
  const { folder, rounds, running, say } = comparison;
  await mkdir(folder);
  const sourceFolder = join(folder, 'sources');
  const sources = await makeSources(sourceFolder, what);
  const rows = workload.contenders.map((contender) => ({ what, contender, outcomes: [] as Outcome[] }));
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < rows.length; n++) {
      const row = rows[(round + n) % rows.length]!;
      const contender = contenderNamed(row.contender, comparison.contenders);
      const stored = join(folder, `${round}-${n}`);
      const outcome = await takeTurn({ contender, what, sources, folder: stored, running });
      if (what.files.bytes > KEPT_FOR_CASE_BYTES) await rm(stored, { recursive: true, force: true });
      row.outcomes.push(outcome);
      say(`${workload.name} ${what.label} ${round + 1}/${rounds} ${row.contender}: ${inWords(outcome)}`);
    }
  }
  if (what.files.bytes > KEPT_TO_END_BYTES) await rm(folder, { recursive: true, force: true });
  return rows;
}

function inWords(outcome: Outcome): string {
  if (outcome.status === 'measured') return `${outcome.measured.seconds.toFixed(2)} s`;
  return outcome.status === 'failed' ? `failed: ${outcome.why}` : `never ends (${outcome.afterSeconds} s)`;
}
