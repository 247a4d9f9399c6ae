import { OURS } from '../contenders/registry.ts';
import { clientCpu, fairness, seconds, serverCpu, serverGrowth, serverIdle, serverPeak } from '../reporting/columns.ts';
import { countInWords } from '../reporting/words.ts';
import { scaled, type MakeWorkload } from './workload.ts';

const KIB = 1024;

export const thousandSlow: MakeWorkload = (settings) => {
  const count = scaled(1000, settings);
  return {
    name: 'thousand-slow',
    title: `${countInWords(count)} connections, each uploads 256 KiB at 16 KiB/s`,
    cases: [
      {
        label: '',
        files: { count, bytes: 256 * KIB },
        atOnce: count,
        connections: count,
        sourceBytesPerSecond: 16 * KIB,
        warmUpBytes: KIB,
        giveUpSeconds: 120,
      },
    ],
    contenders: [OURS, 'put', 'ws'],
    baselines: [],
    columns: [seconds, fairness, serverIdle, serverPeak, serverGrowth, serverCpu, clientCpu],
  };
};
