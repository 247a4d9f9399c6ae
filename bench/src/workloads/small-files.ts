import { OURS, OURS_NOT_DURABLE } from '../contenders/registry.ts';
import { COSTS, filesPerSecond, seconds } from '../reporting/columns.ts';
import { countInWords } from '../reporting/words.ts';
import { scaled, type MakeWorkload } from './workload.ts';

const KIB = 1024;

const smallFiles =
  (name: string, atOnce: number): MakeWorkload =>
  (settings) => {
    const count = scaled(2000, settings, atOnce);
    return {
      name,
      title: `${countInWords(count)} files of 10 KiB, ${atOnce} at a time, one client`,
      cases: [{ label: '', files: { count, bytes: 10 * KIB }, atOnce, connections: 1, giveUpSeconds: 120 }],
      contenders: [OURS, OURS_NOT_DURABLE, 'tus-patch', 'put', 'original'],
      baselines: ['put', 'tus-patch'],
      columns: [seconds, filesPerSecond, ...COSTS],
    };
  };

export const smallFiles8 = smallFiles('small-files', 8);
export const smallFiles64 = smallFiles('small-files-64', 64);
