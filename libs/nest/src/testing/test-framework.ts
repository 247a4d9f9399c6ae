/** The matchers that the contract suites use. Jest, Vitest and Jasmine-like frameworks with these matchers will do. */
export interface ContractMatchers {
  readonly rejects: ContractMatchers;
  readonly resolves: ContractMatchers;
  toBe(expected: unknown): unknown;
  toBeDefined(): unknown;
  toBeGreaterThanOrEqual(expected: number): unknown;
  toBeUndefined(): unknown;
  toEqual(expected: unknown): unknown;
  toHaveLength(expected: number): unknown;
  toMatchObject(expected: object): unknown;
  toThrow(expected?: RegExp): unknown;
}

/** A function that a framework runs: to register tests, or as a test or hook. */
type Hook = (run: () => void | Promise<void>) => unknown;

/** What the contract suites need of a test framework. The functions of Jest and of Vitest have these types. */
export interface TestFramework {
  describe(name: string, tests: () => void): unknown;
  it(name: string, test: () => void | Promise<void>): unknown;
  readonly beforeEach: Hook;
  readonly afterEach: Hook;
  expect(actual: unknown): ContractMatchers;
}

const NAMES = ['describe', 'it', 'beforeEach', 'afterEach', 'expect'] as const;

/** The framework's global functions. Throws an error that says what to do if there are none. */
export function globalTestFramework(): TestFramework {
  const globals = globalThis as unknown as TestFramework;
  const missing = NAMES.filter((name) => typeof globals[name] !== 'function');
  if (missing.length === 0) return globals;
  throw new TypeError(
    `The contract suite needs ${missing.join(', ')}, which are not global. Pass them: { describe, it, beforeEach, afterEach, expect }`,
  );
}
