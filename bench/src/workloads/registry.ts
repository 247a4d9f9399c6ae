import { browser } from './browser.ts';
import { counts } from './counts.ts';
import { links } from './links.ts';
import { manyAtOnce } from './many-at-once.ts';
import { oneGib } from './one-gib.ts';
import { sizes } from './sizes.ts';
import { smallFiles64, smallFiles8 } from './small-files.ts';
import { thousandSlow } from './thousand-slow.ts';
import { wan, wanCuts } from './wan.ts';
import type { MakeWorkload } from './workload.ts';

/** In the order of a run. */
export const WORKLOADS: readonly MakeWorkload[] = [
  oneGib,
  smallFiles8,
  smallFiles64,
  manyAtOnce,
  thousandSlow,
  wan,
  wanCuts,
  links,
  browser,
  sizes,
  counts,
];
