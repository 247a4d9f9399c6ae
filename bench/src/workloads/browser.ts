import { OURS_IN_BROWSER, OURS_WITHOUT_SHA256 } from '../contenders/registry.ts';
import { heap, longestTask, mibPerSecond, seconds, serverCpu, serverPeak } from '../reporting/columns.ts';
import { sizeInWords } from '../reporting/words.ts';
import { scaled, type MakeWorkload } from './workload.ts';

const MIB = 1024 ** 2;

/** A page in a real Chromium. The file is chosen in an input, as a person would do. */
export const browser: MakeWorkload = (settings) => {
  const sizes = [512 * MIB, 1024 * MIB].map((bytes) => scaled(bytes, settings));
  return {
    name: 'browser',
    title: 'One file from Chromium, loopback',
    cases: sizes.map((bytes) => ({
      label: sizeInWords(bytes),
      files: { count: 1, bytes },
      atOnce: 1,
      connections: 1,
      giveUpSeconds: 120,
    })),
    contenders: [OURS_IN_BROWSER, `${OURS_WITHOUT_SHA256} in Chromium`, 'tus-patch in Chromium', 'put in Chromium'],
    baselines: ['put in Chromium', 'tus-patch in Chromium'],
    columns: [seconds, mibPerSecond, longestTask, heap, serverCpu, serverPeak],
  };
};
