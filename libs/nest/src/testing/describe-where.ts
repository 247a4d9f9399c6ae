import { describe } from '@jest/globals';

/** Tests that need a server program. Where it is not installed, they are skipped, and say how to install it. */
export function describeWhere(installed: boolean, what: string, how: string, tests: () => void): void {
  if (installed) return describe(`on ${what}`, tests);
  process.stderr.write(`Skipped: what needs ${what}, which is not installed here (${how}).\n`);
  describe.skip(`on ${what}, which is not installed here (${how})`, tests);
}
