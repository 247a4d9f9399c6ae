import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import type { Contender } from './contenders/contender.ts';
import { besideOf, contenderNamed, CONTENDERS, OURS } from './contenders/registry.ts';
import { WORKLOADS } from './workloads/registry.ts';
import type { Workload } from './workloads/workload.ts';

export interface BenchOptions {
  readonly workloads: readonly Workload[];
  /** All contenders that a workload may name. */
  readonly contenders: readonly Contender[];
  /** How many times each contender runs, interleaved with the others. */
  readonly rounds: number;
  readonly scale: number;
  /** Whether the run is too small or too narrow to count as a result. */
  readonly quick: boolean;
}

/** A median of fewer rounds says little. */
const FEWEST_ROUNDS = 3;

const NAMES = WORKLOADS.map((make) => make({ scale: 1, roomBytes: Infinity }).name);

const USAGE = `npm run bench -- [workload ...] [--rounds n] [--only contender,...] [--scale share] [--large] [--beside checkout]
Workloads: ${NAMES.join(', ')}`;

/** Reads the command line. No workload means all. Throws a RangeError with the usage. */
export async function benchOptions(args: readonly string[]): Promise<BenchOptions> {
  const { values, positionals } = parse(args);
  const rounds = Number(values.rounds);
  const scale = Number(values.scale);
  const unknown = positionals.filter((name) => !NAMES.includes(name));
  if (!Number.isInteger(rounds) || rounds < 1 || !(scale > 0) || unknown.length > 0) throw new RangeError(USAGE);
  const roomBytes = values.large ? Infinity : await roomOnDisk();
  const only = values.only?.flatMap((names) => names.split(','));
  const beside = values.beside === undefined ? undefined : besideOf(values.beside);
  const workloads = WORKLOADS.map((make) => make({ scale, roomBytes }))
    .filter(({ name }) => positionals.length === 0 || positionals.includes(name))
    .map((workload) => (only ? narrowed(workload, only) : workload))
    .map((workload) => (beside ? withBeside(workload, beside.name) : workload));
  const contenders = beside ? [...CONTENDERS, beside] : CONTENDERS;
  const full = scale === 1 && only === undefined && beside === undefined && rounds >= FEWEST_ROUNDS;
  return { workloads, contenders, rounds, scale, quick: !full };
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
        beside: { type: 'string' },
        large: { type: 'boolean', default: false },
      },
    });
  } catch {
    throw new RangeError(USAGE);
  }
}

/** The workload with these contenders, including ones that it does not have itself. */
function narrowed(workload: Workload, only: readonly string[]): Workload {
  const contenders = only.map((name) => contenderNamed(name, CONTENDERS).name);
  return { ...workload, contenders, baselines: workload.baselines.filter((name) => contenders.includes(name)) };
}

/** Adds the gateway of the other checkout to a workload that has this one's. */
function withBeside(workload: Workload, beside: string): Workload {
  const { contenders, baselines } = workload;
  if (!contenders.includes(OURS)) return workload;
  return {
    ...workload,
    contenders: contenders.flatMap((name) => (name === OURS ? [OURS, beside] : [name])),
    baselines: [...baselines, beside],
  };
}

async function roomOnDisk(): Promise<number> {
  const { bavail, bsize } = await statfs(tmpdir());
  return bavail * bsize;
}
