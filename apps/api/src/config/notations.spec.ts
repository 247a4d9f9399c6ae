import { describe, expect, it } from '@jest/globals';
import { factsOf } from '@upload-streams/nest/options';
import { describeVariables } from './describe-variables.js';
import { either, flag, list, size, time, wholeNumber } from './notations.js';
import { VARIABLES, type Variable } from './variables.js';

describe('a notation', () => {
  it.each([
    [size, '0', 0],
    [size, '4MiB', 4 * 2 ** 20],
    [size, '4 mib', 4 * 2 ** 20],
    [size, '1048576', 2 ** 20],
    [size, '2TiB', 2 * 2 ** 40],
    [size, '4MB', undefined],
    [size, '-1', undefined],
    [size, 'MiB', undefined],
    [time, '500ms', 500],
    [time, '30 s', 30_000],
    [time, '10m', 600_000],
    [time, '24h', 86_400_000],
    [time, '7d', 7 * 86_400_000],
    [time, '5', undefined],
    [time, '10M', undefined],
    [wholeNumber, '007', 7],
    [wholeNumber, '1e3', undefined],
    [flag, 'true', true],
    [flag, 'yes', undefined],
    [either('proxy', 'presigned'), 'proxy', false],
    [list, ' a, ,b,', ['a', 'b']],
  ])('reads %#: %s', (notation, text, value) => {
    expect(notation.read(text as string)).toEqual(value);
  });

  it.each([
    [size, 0, '0B'],
    [size, 65_536, '64KiB'],
    [size, 2 ** 20, '1MiB'],
    [size, 2 ** 20 + 1, '1048577B'],
    [time, 1, '1ms'],
    [time, 86_400_000, '24h'],
    [time, 7 * 86_400_000, '7d'],
    [time, 90_000, '90s'],
  ])('writes as people do: %#', (notation, value, text) => {
    expect(notation.write(value)).toBe(text);
  });

  it('of each variable reads the default that the documents show', () => {
    const shown = describeVariables().filter(({ fallback }) => fallback);
    for (const { name, fallback } of shown) {
      const { schema, notation, fallback: own } = Object.entries<Variable>(VARIABLES).find(([key]) => key === name)![1];
      expect(notation.read(fallback!)).toEqual(factsOf(schema).default ?? own);
    }
    expect(shown.length).toBeGreaterThan(15);
  });
});
