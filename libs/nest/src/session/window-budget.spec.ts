import { describe, expect, it } from '@jest/globals';
import { WindowBudget } from './window-budget.js';

const MIB = 1024 * 1024;

describe('WindowBudget', () => {
  it('gives one upload the maximum, and many an equal share of the budget', () => {
    const budget = new WindowBudget(64 * MIB, 16 * MIB);
    budget.join();
    expect(budget.share()).toBe(16 * MIB);
    for (let uploads = 1; uploads < 64; uploads++) budget.join();
    expect(budget.share()).toBe(MIB);
  });

  it('never gives less than one small chunk, so that every upload moves', () => {
    const budget = new WindowBudget(MIB, 16 * MIB);
    for (let uploads = 0; uploads < 1000; uploads++) budget.join();
    expect(budget.share()).toBe(64 * 1024);
  });

  it('takes back the share of who leaves', () => {
    const budget = new WindowBudget(2 * MIB, 16 * MIB);
    budget.join();
    budget.join();
    budget.leave();
    expect(budget.share()).toBe(2 * MIB);
  });
});
