import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { of, Subject } from 'rxjs';
import { photo, SESSION_ID, states } from './testing/states';
import { UploadMemory } from './upload-memory';

/** The page as it is after a reload. */
function reloaded(): UploadMemory {
  TestBed.resetTestingModule();
  return TestBed.inject(UploadMemory);
}

describe('UploadMemory', () => {
  const begun = states.plain('uploading', { uploaded: 500 });

  beforeEach(() => localStorage.clear());

  it('finds the session of an unfinished upload again after a reload, for the same file only', () => {
    of(begun).pipe(reloaded().follow(photo())).subscribe();
    expect(reloaded().recall(photo('other.jpg'))).toBeUndefined();
    expect(reloaded().recall(photo('photo.jpg', 999))).toBeUndefined();
    expect(reloaded().recall(photo())).toBe(SESSION_ID);
  });

  it('gives one session to one upload when the same file is chosen twice', () => {
    of(begun).pipe(reloaded().follow(photo())).subscribe();
    const memory = reloaded();
    expect(memory.recall(photo())).toBe(SESSION_ID);
    expect(memory.recall(photo())).toBeUndefined();
  });

  it('does not give away the session of an upload that runs', () => {
    const memory = reloaded();
    const states$ = new Subject<typeof begun>();
    const running = states$.pipe(memory.follow(photo())).subscribe();
    states$.next(begun);
    expect(memory.recall(photo())).toBeUndefined();
    running.unsubscribe();
    expect(memory.recall(photo())).toBe(SESSION_ID);
  });

  it.each([states.completed(), states.plain('cancelled', { uploaded: 500 })])(
    'forgets an upload that is $status',
    (end) => {
      of(begun, end).pipe(reloaded().follow(photo())).subscribe();
      expect(reloaded().recall(photo())).toBeUndefined();
    },
  );

  it('notes nothing of a file of which the server has nothing', () => {
    of(states.plain('connecting'), states.completed()).pipe(reloaded().follow(photo())).subscribe();
    expect(localStorage).toHaveLength(0);
  });

  it('reads what someone else wrote as nothing', () => {
    localStorage.setItem('upload_sessions', '{"not": "a list"');
    expect(reloaded().recall(photo())).toBeUndefined();
  });

  it('forgets after a week', () => {
    of(begun).pipe(reloaded().follow(photo())).subscribe();
    const now = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 8 * 24 * 60 * 60 * 1000);
    expect(reloaded().recall(photo())).toBeUndefined();
    now.mockRestore();
  });
});
