import { OURS } from '../contenders/registry.ts';
import type { Case } from '../measuring/case.ts';
import { mibPerSecond, seconds, serverCpu, serverIdle, serverPeak } from '../reporting/columns.ts';
import { plotOf, type PlotsOf, type PlotSketch } from '../reporting/plots.ts';
import { sizeInWords } from '../reporting/words.ts';
import { scaled, type MakeWorkload } from './workload.ts';

const MIB = 1024 ** 2;
const GIB = 1024 * MIB;
const SIZES = [MIB, 16 * MIB, 256 * MIB, GIB, 4 * GIB, 20 * GIB];

/** Larger files are sparse: random bytes of that size would not fit into the system's cache. */
const LARGEST_RANDOM = 4 * GIB;
/** Free space that a file needs, as a multiple of its size: 25 GiB for 20 GiB. */
const ROOM = 1.25;

const caseOf = (bytes: number): Case => ({
  label: sizeInWords(bytes),
  files: { count: 1, bytes, sparse: bytes > LARGEST_RANDOM },
  atOnce: 1,
  connections: 1,
});

const across: PlotSketch['across'] = {
  label: 'size of the file',
  of: ({ what }) => what.files.bytes,
  format: sizeInWords,
};

const plots: PlotsOf = (rows) => [
  ...plotOf(
    {
      name: 'sizes-seconds',
      title: 'How long a file takes, by its size',
      across,
      up: { label: 'seconds', of: (measured) => measured.seconds },
    },
    rows,
  ),
  ...plotOf(
    {
      name: 'sizes-memory',
      title: "The server's peak memory, by the size of the file",
      across,
      up: { label: 'MiB', of: (measured) => measured.serverPeakMib },
    },
    rows,
  ),
];

export const sizes: MakeWorkload = (settings) => ({
  name: 'sizes',
  title: 'One file of any size, loopback',
  cases: SIZES.map((size) => scaled(size, settings))
    .filter((size) => size <= LARGEST_RANDOM || size * ROOM <= settings.roomBytes)
    .map(caseOf),
  contenders: [OURS],
  baselines: [],
  columns: [seconds, mibPerSecond, serverCpu, serverIdle, serverPeak],
  plots,
});
