import { CONTENDERS, OURS_NOT_DURABLE, OURS_WITHOUT_FAST_PATHS } from '../contenders/registry.ts';
import { COSTS, loopDelay, mibPerSecond, seconds } from '../reporting/columns.ts';
import { sizeInWords } from '../reporting/words.ts';
import { scaled, type MakeWorkload } from './workload.ts';

const GIB = 1024 ** 3;

export const oneGib: MakeWorkload = (settings) => {
  const bytes = scaled(GIB, settings);
  return {
    name: 'one-gib',
    title: `One file of ${sizeInWords(bytes)}, loopback`,
    cases: [{ label: '', files: { count: 1, bytes }, atOnce: 1, connections: 1, giveUpSeconds: 300 }],
    contenders: CONTENDERS.map(({ name }) => name).filter(
      (name) => ![OURS_NOT_DURABLE, OURS_WITHOUT_FAST_PATHS].includes(name) && !name.endsWith('in Chromium'),
    ),
    baselines: ['put', 'tus-patch'],
    columns: [seconds, mibPerSecond, ...COSTS, loopDelay],
  };
};
