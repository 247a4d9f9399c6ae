import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WindowBudget, type WindowGrant } from './window-budget.js';

const KIB = 1024;
const MIB = 1024 * KIB;

describe('WindowBudget', () => {
  let now: number;
  const budgetOf = (bytes: number) => new WindowBudget(bytes, 16 * MIB, () => now);

  beforeEach(() => {
    now = 0;
  });

  /** Writes all that is granted, and that again, until so much is written. */
  function use(grant: WindowGrant, bytes: number): number {
    let window = grant.renew(0);
    for (let written = 0; written < bytes; written += window) window = grant.renew(window);
    return window;
  }

  it('grants little at first, and up to the maximum to an upload that uses it', () => {
    const grant = budgetOf(64 * MIB).join();
    expect(grant.renew(0)).toBe(4 * MIB);
    expect(use(grant, 64 * MIB)).toBe(16 * MIB);
  });

  it('grants the less at first the more uploads there are', () => {
    const budget = budgetOf(64 * MIB);
    const first = Array.from({ length: 8 }, () => budget.join().renew(0) / MIB);
    expect(first.map((mib) => Math.round(mib * 10) / 10)).toEqual([4, 2, 1.3, 1, 1, 1, 1, 1]);
  });

  it('grants less again to an upload that became slow', () => {
    const grant = budgetOf(64 * MIB).join();
    use(grant, 64 * MIB);
    for (let seconds = 1; seconds <= 300; seconds++) {
      now += 1000;
      grant.renew(64 * KIB);
    }
    expect(grant.renew(0)).toBe(4 * MIB);
  });

  it('gives many an equal share', () => {
    const budget = budgetOf(16 * MIB);
    const grants = Array.from({ length: 32 }, () => budget.join());
    expect(grants.map((grant) => grant.renew(0))).toEqual(grants.map(() => MIB / 2));
  });

  it('never gives less than one small chunk, so that every upload moves', () => {
    const budget = budgetOf(MIB);
    for (let uploads = 0; uploads < 1000; uploads++) expect(budget.join().renew(0)).toBeGreaterThanOrEqual(64 * KIB);
  });

  it('never takes back what is granted and not used', () => {
    const budget = budgetOf(4 * MIB);
    const first = budget.join();
    const window = use(first, 16 * MIB);
    for (let uploads = 0; uploads < 100; uploads++) budget.join().renew(0);
    expect(first.renew(0)).toBe(window);
  });

  it('gives to the others what an upload leaves', () => {
    const budget = budgetOf(2 * MIB);
    const [first, second] = [budget.join(), budget.join()];
    use(first, 16 * MIB);
    first.leave();
    expect(use(second, 16 * MIB)).toBe(2 * MIB);
  });

  it('stays within the budget, but for a small chunk each, whoever comes, writes and goes', () => {
    const step = fc.record({
      who: fc.nat(20),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      leave: fc.boolean(),
      ms: fc.nat(1500),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const budget = budgetOf(8 * MIB);
        const open = new Map<number, { grant: WindowGrant; window: number }>();
        let most = 0;
        for (const { who, share, leave, ms } of steps) {
          now += ms;
          const upload = open.get(who) ?? { grant: budget.join(), window: 0 };
          if (leave) {
            upload.grant.leave();
            open.delete(who);
          } else open.set(who, { ...upload, window: upload.grant.renew(Math.floor(upload.window * share)) });
          const granted = [...open.values()].reduce((sum, { window }) => sum + window, 0);
          most = Math.max(most, granted - open.size * 64 * KIB);
        }
        expect(most).toBeLessThanOrEqual(8 * MIB);
      }),
    );
  });
});
