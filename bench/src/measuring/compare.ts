import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { contenderNamed } from '../contenders/registry.ts';
import type { Case, Workload } from '../workloads/workload.ts';
import type { Outcome } from './outcome.ts';
import type { Running } from './running.ts';
import { makeSources } from './sources.ts';
import { takeTurn } from './turn.ts';

/** What a contender did at a case, a round each. */
export interface Row {
  readonly what: Case;
  readonly contender: string;
  readonly outcomes: Outcome[];
}

export interface Comparison {
  readonly folder: string;
  readonly rounds: number;
  readonly running: Running;
  /** Told after each turn. */
  readonly say: (line: string) => void;
}

/** Runs the cases of a workload one after the other, and the contenders of each in turns. */
export async function compare(workload: Workload, comparison: Comparison): Promise<Row[]> {
  const rows: Row[] = [];
  for (const what of workload.cases) rows.push(...(await compareAt(what, workload, comparison)));
  return rows;
}

/** In each round another contender begins, so that none always has the machine as the same neighbour left it. */
async function compareAt(what: Case, workload: Workload, comparison: Comparison): Promise<Row[]> {
  const { folder, rounds, running, say } = comparison;
  const sourceFolder = join(folder, 'sources');
  const sources = await makeSources(sourceFolder, what);
  const rows = workload.contenders.map((contender) => ({ what, contender, outcomes: [] as Outcome[] }));
  for (let round = 0; round < rounds; round++) {
    for (let n = 0; n < rows.length; n++) {
      const row = rows[(round + n) % rows.length]!;
      const contender = contenderNamed(row.contender);
      const outcome = await takeTurn({ contender, what, sources, folder: join(folder, 'server'), running });
      row.outcomes.push(outcome);
      say(`${workload.name} ${what.label} ${round + 1}/${rounds} ${row.contender}: ${inWords(outcome)}`);
    }
  }
  await rm(sourceFolder, { recursive: true });
  return rows;
}

function inWords(outcome: Outcome): string {
  if (outcome.status === 'measured') return `${outcome.measured.seconds.toFixed(2)} s`;
  return outcome.status === 'failed' ? `failed: ${outcome.why}` : `never ends (${outcome.afterSeconds} s)`;
}
