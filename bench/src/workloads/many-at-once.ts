import { OURS, OURS_WITHOUT_SHA256 } from '../contenders/registry.ts';
import { COSTS, loopDelay, mibPerSecond, seconds } from '../reporting/columns.ts';
import { scaled, type MakeWorkload } from './workload.ts';

const MIB = 1024 ** 2;

export const manyAtOnce: MakeWorkload = (settings) => {
  const count = scaled(200, settings);
  return {
    name: 'many-at-once',
    title: `${count} uploads of 5 MiB at once, a connection each`,
    cases: [{ label: '', files: { count, bytes: 5 * MIB }, atOnce: count, connections: count, giveUpSeconds: 300 }],
    contenders: [OURS, OURS_WITHOUT_SHA256, 'tus-patch', 'put', 'ws', 'original'],
    baselines: ['put', 'tus-patch'],
    columns: [seconds, mibPerSecond, ...COSTS, loopDelay],
  };
};
