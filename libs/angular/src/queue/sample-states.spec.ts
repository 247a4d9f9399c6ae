import { describe, expect, it } from '@jest/globals';
import { TestScheduler } from 'rxjs/testing';
import { states } from '../testing/states';
import { sampleStates } from './sample-states';

const values = {
  a: states.plain('uploading', { uploaded: 1 }),
  b: states.plain('uploading', { uploaded: 2 }),
  c: states.plain('uploading', { uploaded: 3 }),
  f: states.failed('INTERNAL'),
};

const marbles = (test: Parameters<TestScheduler['run']>[0]) =>
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(test);

describe('sampleStates', () => {
  it('lets the first and the latest state of each span through', () => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('abc 10ms abc--', values).pipe(sampleStates(4))).toBe('a---c 8ms a---c', values);
    });
  });

  it('lets a final state through at once and drops what was held back', () => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('abf|', values).pipe(sampleStates(100))).toBe('a-f|', values);
    });
  });

  it('stops its source when it is unsubscribed', () => {
    marbles(({ hot, expectObservable, expectSubscriptions }) => {
      const source$ = hot('ab----', values);
      expectObservable(source$.pipe(sampleStates(100)), '^--!').toBe('a', values);
      expectSubscriptions(source$.subscriptions).toBe('^--!');
    });
  });
});
