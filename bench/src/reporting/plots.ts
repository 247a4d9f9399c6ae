import type { Measured } from '../measuring/outcome.ts';
import type { Row } from '../measuring/row.ts';
import { measuredOf, medianOf } from './columns.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
  /** The smallest and the largest figure of the rounds. */
  readonly low: number;
  readonly high: number;
}

export interface Axis {
  readonly label: string;
  /** The values with a line and a number. The first and the last are the ends of the axis. */
  readonly ticks: readonly number[];
  readonly format: (value: number) => string;
}

/** Both axes are logarithmic. */
export interface Plot {
  readonly name: string;
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly { readonly name: string; readonly points: readonly Point[] }[];
}

export type PlotsOf = (rows: readonly Row[]) => Plot[];

/** One figure plotted against another, with a line for each contender. */
export interface PlotSketch {
  readonly name: string;
  readonly title: string;
  readonly across: { readonly label: string; readonly of: (row: Row) => number; readonly format: Axis['format'] };
  readonly up: { readonly label: string; readonly of: (measured: Measured) => number | undefined };
}

/** The plot of a sketch, or an empty array if there is nothing to show. */
export function plotOf({ name, title, across, up }: PlotSketch, rows: readonly Row[]): Plot[] {
  const contenders = [...new Set(rows.map(({ contender }) => contender))];
  const series = contenders.map((contender) => ({
    name: contender,
    points: rows.filter((row) => row.contender === contender).flatMap((row) => pointOf(row, across.of(row), up.of)),
  }));
  const points = series.flatMap((line) => line.points);
  if (points.length === 0) return [];
  const x = { label: across.label, format: across.format, ticks: [...new Set(points.map((point) => point.x))] };
  const ticks = steps(Math.min(...points.map(({ low }) => low)), Math.max(...points.map(({ high }) => high)));
  return [{ name, title, x, y: { label: up.label, format: String, ticks }, series }];
}

function pointOf(row: Row, x: number, pick: PlotSketch['up']['of']): Point[] {
  const y = medianOf(row, pick);
  // Zero has no logarithm.
  if (!y) return [];
  const all = measuredOf(row).flatMap((measured) => pick(measured) ?? []);
  return [{ x, y, low: Math.min(...all), high: Math.max(...all) }];
}

/** 1, 2, 5, 10, 20 ... around the given range. */
function steps(low: number, high: number): number[] {
  const powers = Array.from({ length: 24 }, (_, n) => n - 9);
  const all = powers.flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  const first = all.findLastIndex((step) => step <= low);
  const last = all.findIndex((step) => step >= high);
  return all.slice(first, Math.max(last, first + 1) + 1);
}
