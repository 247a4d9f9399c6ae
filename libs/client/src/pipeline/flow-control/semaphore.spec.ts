import { describe, expect, it } from '@jest/globals';
import { EMPTY, NEVER, Observable, of, Subject, throwError } from 'rxjs';
import { Lane } from './semaphore.js';

/** Puts this many pieces of work, each ended by its own subject, into a lane. */
function occupy(lane: Lane, count: number) {
  const state = { running: 0, most: 0, started: [] as number[] };
  const work = Array.from({ length: count }, (_, index) => {
    const end = new Subject<never>();
    const work$ = new Observable<never>((subscriber) => {
      state.started.push(index);
      state.most = Math.max(state.most, ++state.running);
      subscriber.add(() => state.running--);
      subscriber.add(end.subscribe(subscriber));
    });
    const subscription = lane.run(work$).subscribe({ error: () => undefined });
    return { end, subscription };
  });
  return { state, work };
}

describe('Lane', () => {
  it('runs at once what it has slots for, and lets the rest wait', () => {
    const { state } = occupy(new Lane(3), 5);
    expect(state.started).toEqual([0, 1, 2]);
  });

  it('never runs more than its slots even when ten wait and all leave at once', () => {
    const { state, work } = occupy(new Lane(3), 13);
    for (const { end } of work) end.complete();
    expect(state.started).toHaveLength(13);
    expect(state.most).toBe(3);
    expect(state.running).toBe(0);
  });

  it('lets in by turns who waits', () => {
    const { state, work } = occupy(new Lane(1), 4);
    for (const { end } of work) end.complete();
    expect(state.started).toEqual([0, 1, 2, 3]);
  });

  it('lets in exactly one for each slot that comes back', () => {
    const { state, work } = occupy(new Lane(2), 12);
    work[0]!.end.complete();
    expect(state.running).toBe(2);
    expect(state.started).toEqual([0, 1, 2]);
  });

  it('takes a slot back on error', () => {
    const { state, work } = occupy(new Lane(1), 2);
    work[0]!.end.error(new Error('broken'));
    expect(state.started).toEqual([0, 1]);
  });

  it('takes a slot back when its user unsubscribes', () => {
    const { state, work } = occupy(new Lane(1), 2);
    work[0]!.subscription.unsubscribe();
    expect(state.started).toEqual([0, 1]);
  });

  it('forgets who unsubscribes while waiting', () => {
    const { state, work } = occupy(new Lane(1), 3);
    work[1]!.subscription.unsubscribe();
    work[0]!.end.complete();
    expect(state.started).toEqual([0, 2]);
  });

  it('runs work that ends at once, however much of it', () => {
    const lane = new Lane(1);
    const ended: string[] = [];
    for (const work of [EMPTY, of(1), throwError(() => new Error('broken')), EMPTY]) {
      lane.run<unknown>(work).subscribe({ complete: () => ended.push('complete'), error: () => ended.push('error') });
    }
    expect(ended).toEqual(['complete', 'complete', 'error', 'complete']);
  });

  it('gives what the work gives, and its error', () => {
    const seen: unknown[] = [];
    const lane = new Lane(1);
    lane.run(of(1, 2)).subscribe((value) => seen.push(value));
    lane.run(throwError(() => 'broken')).subscribe({ error: (error) => seen.push(error) });
    expect(seen).toEqual([1, 2, 'broken']);
  });

  it('takes a slot at subscription, not before', () => {
    const lane = new Lane(1);
    lane.run(NEVER);
    const { state } = occupy(lane, 1);
    expect(state.running).toBe(1);
  });
});
