import { LONGEST_TIMER_MS } from '../state/longest-timer.js';

/**
 * One option of a table. The table is the only place that knows an option: its meaning, type, unit, bounds and default. It is
 * not a schema of zod, because the page has none of zod so far: all of it would more than double the page, and zod/mini
 * would add 17 kB.
 */
export interface Option<Value, Default extends Value | undefined> {
  /** Says what a value must be, for example `must be a whole number from 1 to 5`. */
  readonly requirement: string;
  readonly accepts: (value: unknown) => value is Value;
  readonly default: Default;
}

// `Option<unknown>` would not accept an option of a narrower type, whose type guard is narrower too.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type OptionTable = Readonly<Record<string, Option<any, any>>>;

/** The options as a caller gives them. */
export type OptionsOf<Table extends OptionTable> = {
  readonly [Name in keyof Table]?: Table[Name] extends Option<infer Value, infer _> ? Value | undefined : never;
};

/** The options with their defaults. Those without a default may be undefined. */
export type ResolvedOptionsOf<Table extends OptionTable> = {
  readonly [Name in keyof Table]: Table[Name] extends Option<infer Value, infer Default>
    ? Default extends undefined
      ? Value | undefined
      : Value
    : never;
};

/** Adds the defaults. Throws a RangeError that names `owner` and every option that has a value it must not have. */
export function resolveOptions<Table extends OptionTable>(
  owner: string,
  table: Table,
  options: OptionsOf<Table>,
): ResolvedOptionsOf<Table> {
  const resolved = Object.entries(table).map(([name, option]) => [name, options[name] ?? option.default] as const);
  const problems = resolved
    .filter(([name, value]) => value !== undefined && !table[name]?.accepts(value))
    .map(([name, value]) => `${name} ${table[name]?.requirement}${shown(value)}`);
  if (problems.length > 0) throw new RangeError(`${owner}: ${problems.join('; ')}`);
  return Object.fromEntries(resolved) as ResolvedOptionsOf<Table>;
}

/** Only a number is repeated in an error. A text may be a secret. */
const shown = (value: unknown): string => (typeof value === 'number' ? `, not ${value}` : '');

export function option<Value>(
  requirement: string,
  accepts: (value: unknown) => value is Value,
): Option<Value, undefined> {
  return { requirement: `must be ${requirement}`, accepts, default: undefined };
}

export function wholeNumber<Default extends number | undefined>(
  lowest: number,
  highest: number,
  defaultValue: Default,
  unit = '',
): Option<number, Default> {
  const accepts = (value: unknown): value is number =>
    Number.isSafeInteger(value) && (value as number) >= lowest && (value as number) <= highest;
  const requirement = `must be a whole number ${range(lowest, highest)}${unit}`;
  return { requirement, accepts, default: defaultValue };
}

/** A time that a timer can wait for. */
export const milliseconds = (lowest: number, defaultValue: number): Option<number, number> =>
  wholeNumber(lowest, LONGEST_TIMER_MS, defaultValue, ' (ms)');

export const byteCount = <Default extends number | undefined>(
  lowest: number,
  defaultValue: Default,
): Option<number, Default> => wholeNumber(lowest, Number.MAX_SAFE_INTEGER, defaultValue, ' (bytes)');

export const isText = (value: unknown): value is string => typeof value === 'string';

/** Whether a value is an object that has a method of this name. */
export const hasMethod = (value: unknown, name: string): boolean =>
  typeof (value as Record<string, unknown> | null)?.[name] === 'function';

const range = (lowest: number, highest: number): string =>
  highest === Number.MAX_SAFE_INTEGER ? `of at least ${lowest}` : `from ${lowest} to ${highest}`;
