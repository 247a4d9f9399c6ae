// Building blocks for the schemas of options. The schema of an option holds its meaning (`describe`), unit, bounds and
// default. Environment variables and documents read these facts with `factsOf`.
import { z } from 'zod';

export type OptionUnit = 'bytes' | 'ms';

export const KIB = 1024;
export const MIB = 1024 * KIB;

export const HOUR_MS = 60 * 60 * 1000;
export const DAY_MS = 24 * HOUR_MS;

export const byteCount = (lowest: number, highest = Number.MAX_SAFE_INTEGER) => wholeNumber(lowest, highest, 'bytes');

export const milliseconds = (lowest: number, highest = Number.MAX_SAFE_INTEGER) => wholeNumber(lowest, highest, 'ms');

export const count = (lowest: number, highest: number) => wholeNumber(lowest, highest);

export const flag = () => z.boolean('must be true or false');

export const text = () => z.string('must be a string').min(1, 'must not be empty');

export const oneOf = <const Choice extends string>(choices: readonly [Choice, ...Choice[]]) =>
  z.enum(choices, `must be one of ${choices.join(', ')}`);

/** A text that has to look like something: `error` says like what, and never repeats the text, which may be a secret. */
export const textLike = (looksRight: (text: string) => boolean, error: string) =>
  z.string(error).refine(looksRight, error);

export const isUrlOf = (url: string, protocols: readonly string[]): boolean =>
  URL.canParse(url) && protocols.includes(new URL(url).protocol);

/** The path of a route: only characters that mean the same to every router and in a URL. */
export const routePath = (example: string) =>
  textLike(isPlainPath, `must be a path without parameters, such as ${example}`);

/** The path of routes that an application can do without: `false` for none. */
export const routePathOrNone = (example: string) =>
  z.union([routePath(example), z.literal(false)], `must be a path without parameters, such as ${example}, or false`);

function isPlainPath(path: string): boolean {
  return /^\/?[\w~.-]+(\/[\w~.-]+)*\/?$/.test(path) && !/(^|\/)\.\.?(\/|$)/.test(path);
}

function wholeNumber(lowest: number, highest: number, unit?: OptionUnit) {
  const range = rangeText(lowest, highest, String);
  const error = `must be a whole number ${range}${unit ? ` (${unit})` : ''}`;
  return z.int(error).min(lowest, error).max(highest, error).meta({ unit });
}

/** For example `from 64KiB to 16MiB`, or `of at least 1MiB`. */
export function rangeText(lowest: number, highest: number, write: (value: number) => string): string {
  const isOpen = highest === Number.MAX_SAFE_INTEGER;
  return isOpen ? `of at least ${write(lowest)}` : `from ${write(lowest)} to ${write(highest)}`;
}

/** The options with their defaults. Throws a RangeError that names `owner` and each option that can't be used. */
export function resolveOptions<Schema extends z.ZodObject>(
  owner: string,
  schema: Schema,
  options: z.input<Schema>,
): z.output<Schema> {
  const result = schema.safeParse(options);
  const unknown = Object.keys(options).filter((option) => !(option in schema.shape));
  if (unknown.length > 0) throw new RangeError(`${owner}: there is no option ${unknown.join(', ')}`);
  if (result.success) return result.data;
  const problems = new Map(result.error.issues.map((issue) => [String(issue.path[0] ?? 'options'), issue]));
  const sentences = [...problems].map(
    ([option, issue]) => `${option} ${issue.message}${shown(issue, options[option])}`,
  );
  throw new RangeError(`${owner}: ${sentences.join('; ')}`);
}

/** Only a number is repeated in an error: a text may be a secret. */
function shown(issue: z.core.$ZodIssue, value: unknown): string {
  if (typeof value === 'number') return `, not ${value}`;
  // What was read from the environment looks right to its reader.
  return typeof value === 'string' && expectsNumber(issue) ? ', not a string' : '';
}

const expectsNumber = (issue: z.core.$ZodIssue): boolean =>
  issue.code === 'invalid_type' && ['int', 'number'].includes(issue.expected);

/** What the schema of an option says. */
export interface OptionFacts {
  readonly meaning: string;
  readonly unit?: OptionUnit | undefined;
  /** The bounds of a number; both included. */
  readonly lowest?: number;
  readonly highest?: number;
  /** undefined: it has none. */
  readonly default?: unknown;
}

export function factsOf(option: z.ZodType): OptionFacts {
  const inner = unwrapped(option);
  return {
    meaning: option.description ?? '',
    ...(option instanceof z.ZodDefault && { default: option.def.defaultValue }),
    ...(inner instanceof z.ZodNumber && {
      unit: inner.meta()?.['unit'] as OptionUnit | undefined,
      lowest: inner.minValue ?? Number.MIN_SAFE_INTEGER,
      highest: inner.maxValue ?? Number.MAX_SAFE_INTEGER,
    }),
  };
}

function unwrapped(option: z.core.$ZodType): z.core.$ZodType {
  return option instanceof z.ZodDefault || option instanceof z.ZodOptional ? unwrapped(option.def.innerType) : option;
}
