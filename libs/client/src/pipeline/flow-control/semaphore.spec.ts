import { describe, expect, it } from '@jest/globals';
import { EMPTY, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { Semaphore } from './semaphore.js';

/** Puts this many pieces of work, each ended by its own subject, through a semaphore. */
function occupy(semaphore: Semaphore, count: number) {
  const state = { running: 0, most: 0, started: [] as number[] };
  const work = Array.from({ length: count }, (_, index) => {
    const end = new Subject<never>();
    const work$ = new Observable<never>((subscriber) => {
      state.started.push(index);
      state.most = Math.max(state.most, ++state.running);
      subscriber.add(() => state.running--);
      subscriber.add(end.subscribe(subscriber));
    });
    const subscription = semaphore.run(work$).subscribe({ error: () => undefined });
    return { end, subscription };
  });
  return { state, work };
}

describe('Semaphore', () => {
  it('runs as many as it has permits for, and lets the rest wait', () => {
    const { state } = occupy(new Semaphore(3), 5);
    expect(state.started).toEqual([0, 1, 2]);
  });

  it('never runs more than it has permits for, even when ten wait and all end at once', () => {
    const { state, work } = occupy(new Semaphore(3), 13);
    for (const { end } of work) end.complete();
    expect(state.started).toHaveLength(13);
    expect(state.most).toBe(3);
    expect(state.running).toBe(0);
  });

  it('runs those that wait in order of arrival', () => {
    const { state, work } = occupy(new Semaphore(1), 4);
    for (const { end } of work) end.complete();
    expect(state.started).toEqual([0, 1, 2, 3]);
  });

  it('runs exactly one for each permit that returns', () => {
    const { state, work } = occupy(new Semaphore(2), 12);
    work[0]!.end.complete();
    expect(state.running).toBe(2);
    expect(state.started).toEqual([0, 1, 2]);
  });

  it('takes a permit back on error', () => {
    const { state, work } = occupy(new Semaphore(1), 2);
    work[0]!.end.error(new Error('broken'));
    expect(state.started).toEqual([0, 1]);
  });

  it('takes a permit back on unsubscription', () => {
    const { state, work } = occupy(new Semaphore(1), 2);
    work[0]!.subscription.unsubscribe();
    expect(state.started).toEqual([0, 1]);
  });

  it('forgets work that is unsubscribed while it waits', () => {
    const { state, work } = occupy(new Semaphore(1), 3);
    work[1]!.subscription.unsubscribe();
    work[0]!.end.complete();
    expect(state.started).toEqual([0, 2]);
  });

  it('runs any amount of work that ends at once', () => {
    const semaphore = new Semaphore(1);
    const ended: string[] = [];
    for (const work of [EMPTY, of(1), throwError(() => new Error('broken')), EMPTY]) {
      semaphore
        .run<unknown>(work)
        .subscribe({ complete: () => ended.push('complete'), error: () => ended.push('error') });
    }
    expect(ended).toEqual(['complete', 'complete', 'error', 'complete']);
  });

  it('emits what the work emits, and its error', () => {
    const seen: unknown[] = [];
    const semaphore = new Semaphore(1);
    semaphore.run(of(1, 2)).subscribe((value) => seen.push(value));
    semaphore.run(throwError(() => 'broken')).subscribe({ error: (error) => seen.push(error) });
    expect(seen).toEqual([1, 2, 'broken']);
  });

  it('takes a permit on subscription, not before', () => {
    const semaphore = new Semaphore(1);
    semaphore.run(NEVER);
    const { state } = occupy(semaphore, 1);
    expect(state.running).toBe(1);
  });
});
