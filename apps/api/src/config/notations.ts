/** How the values of an option are written in an environment variable. */
export interface Notation<Value> {
  /** What a text has to be, after "must be". */
  readonly form: string;
  /** How it is written, after the form. */
  readonly example?: string;
  /** The value of a text; undefined if it has another form. Bounds are the schema's business. */
  read(text: string): Value | undefined;
  /** The shortest text of a value. */
  write(value: Value): string;
}

export const text: Notation<string> = {
  form: 'text',
  read: (text) => text,
  write: (value) => value,
};

export const list: Notation<readonly string[]> = {
  form: 'a list, separated by commas',
  read: (text) =>
    text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  write: (items) => items.join(','),
};

export const wholeNumber: Notation<number> = {
  form: 'a whole number',
  read: (text) => (/^\d+$/.test(text) ? Number(text) : undefined),
  write: String,
};

/** In bytes; upper and lower case are the same. */
export const size: Notation<number> = {
  form: 'a size',
  example: 'such as 4MiB or 1048576',
  ...amount({ B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 }, { unitless: 'B', flags: 'i' }),
};

const DAY_MS = 86_400_000;
const times = amount({ ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: DAY_MS });

/** In milliseconds. */
export const time: Notation<number> = {
  form: 'a time',
  example: 'such as 500ms, 30s, 10m, 24h or 7d',
  read: times.read,
  write: (value) => (value === DAY_MS ? '24h' : times.write(value)),
};

/** One of two words. */
export const either = (no: string, yes: string): Notation<boolean> => ({
  form: `one of ${no}, ${yes}`,
  read: (text) => (text === yes ? true : text === no ? false : undefined),
  write: (value) => (value ? yes : no),
});

export const flag: Notation<boolean> = { ...either('false', 'true'), form: 'true or false' };

/** Digits and a unit, the smallest one first. `unitless` is the unit of digits alone; without it, they are refused. */
function amount(
  units: Readonly<Record<string, number>>,
  { unitless = '', flags = '' } = {},
): Pick<Notation<number>, 'read' | 'write'> {
  const names = Object.keys(units);
  const pattern = new RegExp(`^(\\d+) ?(?:${names.map((name) => `(${name})`).join('|')})${unitless && '?'}$`, flags);
  return {
    read(text) {
      const [, digits, ...found] = pattern.exec(text) ?? [];
      const unit = names[found.findIndex((name) => name !== undefined)] ?? unitless;
      return digits === undefined ? undefined : Number(digits) * units[unit]!;
    },
    write(value) {
      const unit = names.findLast((name) => value >= units[name]! && value % units[name]! === 0) ?? names[0]!;
      return `${value / units[unit]!}${unit}`;
    },
  };
}
