import type { LinkFacts } from '../measuring/link-process.ts';
import type { Column } from '../reporting/columns.ts';
import type { PlotsOf } from '../reporting/plots.ts';

/** What is uploaded, how many at once, over what. */
export interface Case {
  /** Tells the cases of a workload apart; empty where there is one only. */
  readonly label: string;
  readonly files: { readonly count: number; readonly bytes: number; readonly sparse?: boolean };
  /** Files under way at once, over all connections. */
  readonly atOnce: number;
  /** Clients of their own. One of HTTP opens as many sockets as it has uploads at once. */
  readonly connections: number;
  readonly link?: LinkFacts;
  /** Bytes of the file that is uploaded before the clock runs. @default the size of the files, 64 MiB at the most */
  readonly warmUpBytes?: number;
  /** Each source gives so many bytes a second. @default as fast as the disk */
  readonly sourceBytesPerSecond?: number;
  /** How long bytes wait in front of the link is measured. @default false */
  readonly watchQueue?: boolean;
  /** One that has not come to its end by then never does, in seconds. @default 600 */
  readonly giveUpSeconds?: number;
}

/** A question, and who is asked. */
export interface Workload {
  readonly name: string;
  readonly title: string;
  readonly cases: readonly Case[];
  readonly contenders: readonly string[];
  /** Those that the others are compared with. */
  readonly baselines: readonly string[];
  readonly columns: readonly Column[];
  readonly plots?: PlotsOf;
}

/** What workloads are made by. */
export interface WorkloadSettings {
  /** Share of the full sizes, for a quick look. */
  readonly scale: number;
  /** Bytes that the disk has room for. */
  readonly roomBytes: number;
}

export type MakeWorkload = (settings: WorkloadSettings) => Workload;

/** A share of a number of bytes or of files, and never nothing. */
export const scaled = (full: number, { scale }: WorkloadSettings, least = 1): number =>
  Math.max(Math.min(least, full), Math.round(full * scale));
