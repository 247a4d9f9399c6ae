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
    const grant = budgetOf(64 * MIB).join('alice');
    expect(grant.renew(0)).toBe(4 * MIB);
    expect(use(grant, 64 * MIB)).toBe(16 * MIB);
  });

  it('grants the less at first the more uploads there are', () => {
    const budget = budgetOf(64 * MIB);
    const first = Array.from({ length: 8 }, () => budget.join('alice').renew(0) / MIB);
    expect(first.map((mib) => Math.round(mib * 10) / 10)).toEqual([4, 2, 1.3, 1, 1, 1, 1, 1]);
  });

  it('grants less again to an upload that became slow', () => {
    const grant = budgetOf(64 * MIB).join('alice');
    use(grant, 64 * MIB);
    for (let seconds = 1; seconds <= 300; seconds++) {
      now += 1000;
      grant.renew(64 * KIB);
    }
    expect(grant.renew(0)).toBe(4 * MIB);
  });

  it('gives many an equal share', () => {
    const budget = budgetOf(16 * MIB);
    const grants = Array.from({ length: 32 }, () => budget.join('alice'));
    expect(grants.map((grant) => grant.renew(0))).toEqual(grants.map(() => MIB / 2));
  });

  it('never gives less than one small chunk, so that every upload moves', () => {
    const budget = budgetOf(MIB);
    for (let uploads = 0; uploads < 1000; uploads++)
      expect(budget.join('alice').renew(0)).toBeGreaterThanOrEqual(64 * KIB);
  });

  it('never takes back what is granted and not used', () => {
    const budget = budgetOf(4 * MIB);
    const first = budget.join('alice');
    const window = use(first, 16 * MIB);
    for (let uploads = 0; uploads < 100; uploads++) budget.join('alice').renew(0);
    expect(first.renew(0)).toBe(window);
  });

  it('gives to the others what an upload leaves', () => {
    const budget = budgetOf(2 * MIB);
    const [first, second] = [budget.join('alice'), budget.join('alice')];
    use(first, 16 * MIB);
    first.leave();
    expect(use(second, 16 * MIB)).toBe(2 * MIB);
  });

  it('shares among owners first: one with many uploads leaves another one its half', () => {
    const budget = budgetOf(16 * MIB);
    const many = Array.from({ length: 63 }, () => budget.join('many'));
    const one = budget.join('one');
    for (let second = 0; second < 10; second++) {
      now += 100;
      for (const grant of many) use(grant, 8 * MIB);
      use(one, 64 * MIB);
    }
    expect(use(one, 64 * MIB)).toBe(8 * MIB);
  });

  it('takes back within seconds what uploads hold and do not use', () => {
    const budget = budgetOf(64 * MIB);
    const idle = Array.from({ length: 64 }, (_, index) => budget.join(`idle${index}`));
    for (const grant of idle) use(grant, 32 * MIB);
    const honest = budget.join('honest');
    for (let step = 0; step < 50; step++) {
      now += 100;
      use(honest, 2 * MIB);
    }
    expect(honest.renew(0)).toBe(16 * MIB);
  });

  const other = fc.record({
    owner: fc.nat(3),
    /** Of its window, how much it writes at each step; nothing, a trickle, some or all. */
    share: fc.constantFrom(0, 0, 1e-9, 0.01, 0.3, 1),
    everyMs: fc.constantFrom(100, 500, 3000),
  });

  it('gives an upload that uses it its share within seconds, whatever the others do, and never more than there is', () => {
    fc.assert(
      fc.property(fc.array(other, { minLength: 1, maxLength: 60 }), fc.nat(8), (others, burst) => {
        now = 0;
        const budget = budgetOf(8 * MIB);
        const uploads = others.map((one) => ({ ...one, grant: budget.join(one.owner), window: 0 }));
        for (const upload of uploads) upload.window = use(upload.grant, burst * MIB);
        const honest = budget.join('honest');
        let window = honest.renew(0);
        for (; now < 8000; now += 100) {
          for (const upload of uploads) {
            if (now % upload.everyMs !== 0) continue;
            const written = Math.ceil(upload.window * upload.share);
            const unused = upload.window - written;
            upload.window = upload.grant.renew(written);
            const isNew = upload.window > Math.max(unused, 64 * KIB);
            if (isNew) expect(budget.countedBytes).toBeLessThanOrEqual(8 * MIB + 64 * KIB * (others.length + 1));
          }
          window = honest.renew(window);
        }
        const owners = new Set(others.map(({ owner }) => owner)).size + 1;
        expect(window).toBeGreaterThanOrEqual(Math.floor((8 * MIB) / owners) - 64 * KIB * others.length);
        expect(window).toBeGreaterThanOrEqual(64 * KIB);
      }),
    );
  });

  it('counts nothing once all have left', () => {
    const step = fc.record({ who: fc.nat(20), leave: fc.boolean(), ms: fc.nat(1500), bytes: fc.nat(4 * MIB) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const budget = budgetOf(8 * MIB);
        const open = new Map<number, WindowGrant>();
        for (const { who, leave, ms, bytes } of steps) {
          now += ms;
          const grant = open.get(who) ?? budget.join(who % 3);
          grant.renew(bytes);
          open.set(who, grant);
          if (leave) {
            grant.leave();
            open.delete(who);
          }
        }
        for (const grant of open.values()) grant.leave();
        expect(budget.countedBytes).toBe(0);
        expect(budget.join('next').renew(0)).toBe(MIB);
      }),
    );
  });
});
