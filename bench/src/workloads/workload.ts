import type { Case } from '../measuring/case.ts';
import type { Column } from '../reporting/columns.ts';
import type { PlotsOf } from '../reporting/plots.ts';

/** What is measured, of which contenders, and which columns the table has. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly Case[];
  readonly contenders: readonly string[];
  /** The contenders that the others are compared with. */
  readonly baselines: readonly string[];
  readonly columns: readonly Column[];
  readonly plots?: PlotsOf;
}

/** What a workload is made from. */
export interface WorkloadSettings {
  /** Factor for sizes and numbers of files; below 1 for a quick look. */
  readonly scale: number;
  /** Free space on the disk, in bytes. */
  readonly roomBytes: number;
}

export type MakeWorkload = (settings: WorkloadSettings) => Workload;

/** A number of bytes or files times the scale, but no less than `least`. */
export const scaled = (full: number, { scale }: WorkloadSettings, least = 1): number =>
  Math.max(Math.min(least, full), Math.round(full * scale));
