import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { contenderNamed } from './contenders/registry.ts';
import { WORKLOADS } from './workloads/registry.ts';
import type { Workload } from './workloads/workload.ts';

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  /** How many times each contender runs, in turns with the others. */
  readonly rounds: number;
  readonly scale: number;
  /** Smaller, narrower or shorter than a comparison is: what comes out is no result. */
  readonly quick: boolean;
}

/** A median of fewer says little. */
const FEWEST_ROUNDS = 3;

const NAMES = WORKLOADS.map((make) => make({ scale: 1, roomBytes: Infinity }).name);

const USAGE = `npm run bench -- [workload ...] [--rounds n] [--only contender,...] [--scale share] [--large]
Workloads: ${NAMES.join(', ')}`;

/** Reads the command line; without workloads, all of them. */
export async function benchOptions(args: readonly string[]): Promise<BenchOptions> {
  const { values, positionals } = parse(args);
  const rounds = Number(values.rounds);
  const scale = Number(values.scale);
  const unknown = positionals.filter((name) => !NAMES.includes(name));
  if (!Number.isInteger(rounds) || rounds < 1 || !(scale > 0) || unknown.length > 0) throw new RangeError(USAGE);
  const roomBytes = values.large ? Infinity : await roomOnDisk();
  const only = values.only?.flatMap((names) => names.split(','));
  const workloads = WORKLOADS.map((make) => make({ scale, roomBytes }))
    .filter(({ name }) => positionals.length === 0 || positionals.includes(name))
    .map((workload) => (only ? narrowed(workload, only) : workload));
  return { workloads, rounds, scale, quick: scale !== 1 || only !== undefined || rounds < FEWEST_ROUNDS };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: String(FEWEST_ROUNDS) },
        scale: { type: 'string', default: process.env['BENCH_SCALE'] ?? '1' },
        only: { type: 'string', multiple: true },
        large: { type: 'boolean', default: false },
      },
    });
  } catch {
    throw new RangeError(USAGE);
  }
}

/** The contenders that were asked for, also where the workload does not have them. */
function narrowed(workload: Workload, only: readonly string[]): Workload {
  const contenders = only.map((name) => contenderNamed(name).name);
  return { ...workload, contenders, baselines: workload.baselines.filter((name) => contenders.includes(name)) };
}

async function roomOnDisk(): Promise<number> {
  const { bavail, bsize } = await statfs(tmpdir());
  return bavail * bsize;
}
