import { TestBed } from '@angular/core/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryResumeStore, type UploadState } from '@upload-streams/client';
import { Subject } from 'rxjs';
import { FakeEngine } from '../testing/fake-engine';
import { FakeLocks } from '../testing/fake-locks';
import { fakeHandle, photo, record, SESSION_ID, states } from '../testing/states';
import { RESUME_STORE, UPLOAD_CLIENT } from '../upload.tokens';
import { SessionLocks } from './session-locks';
import { UnfinishedUploads } from './unfinished-uploads.service';

describe('UnfinishedUploads', () => {
  const store = new MemoryResumeStore();
  let engine: FakeEngine;
  let unfinished: UnfinishedUploads;
  let uninstallLocks: () => void;

  const settle = () => jest.advanceTimersByTimeAsync(0);
  const sessions = () => unfinished.records().map(({ sessionID }) => sessionID);

  /** The page as it is after a reload. */
  async function reload(): Promise<void> {
    TestBed.resetTestingModule();
    engine = new FakeEngine();
    TestBed.configureTestingModule({
      providers: [
        { provide: UPLOAD_CLIENT, useValue: engine },
        { provide: RESUME_STORE, useValue: store },
      ],
    });
    unfinished = TestBed.inject(UnfinishedUploads);
    await settle();
  }

  /** An upload of `photo()`, of which the test plays the engine. */
  function follow(recorded = false, handle?: FileSystemFileHandle) {
    const states$ = new Subject<UploadState>();
    const upload = states$.pipe(unfinished.follow({ file: photo(), handle }, recorded)).subscribe();
    return { states$, end: () => upload.unsubscribe() };
  }
  const uploading = (uploaded: number, sessionID = SESSION_ID) => states.plain('uploading', { uploaded, sessionID });

  beforeEach(async () => {
    jest.useFakeTimers();
    uninstallLocks = new FakeLocks().install();
    await reload();
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    for (const { sessionID } of await store.list()) await store.remove(sessionID);
    uninstallLocks();
    jest.useRealTimers();
  });

  it('offers after a reload what was interrupted, and its file with its handle', async () => {
    const handle = fakeHandle('granted', photo());
    const { states$, end } = follow(false, handle);
    states$.next(uploading(500));
    end();
    await reload();
    expect(unfinished.records()).toEqual([record({ updatedAt: Date.now(), handle })]);
  });

  it('notes nothing as long as the server has nothing', async () => {
    const { states$, end } = follow();
    states$.next(states.plain('connecting'));
    end();
    expect(await store.list()).toEqual([]);
  });

  it('notes progress at most once a second', async () => {
    const update = jest.spyOn(store, 'update');
    const { states$ } = follow();
    for (let uploaded = 100; uploaded < 900; uploaded += 100) {
      states$.next(uploading(uploaded));
      await jest.advanceTimersByTimeAsync(250);
    }
    expect(update.mock.calls.map(([, { uploaded }]) => uploaded)).toEqual([500]);
  });

  it.each([states.completed(), states.plain('cancelled', { uploaded: 500 }), states.failed('UPLOAD_CANCELLED')])(
    'forgets an upload that is $status',
    async (end) => {
      const { states$ } = follow();
      states$.next(uploading(500));
      states$.next(end);
      states$.complete();
      await settle();
      expect([await store.list(), sessions()]).toEqual([[], []]);
    },
  );

  it('forgets a recorded upload that is over before it began: the server had it all', async () => {
    await store.put(record());
    follow(true).states$.next(states.completed());
    expect(await store.list()).toEqual([]);
  });

  it('costs a file that is through at once no access to the store', () => {
    const remove = jest.spyOn(store, 'remove');
    follow().states$.next(states.completed());
    expect(remove).not.toHaveBeenCalled();
  });

  it('still offers an upload that failed', async () => {
    const { states$ } = follow();
    states$.next(uploading(500));
    states$.next(states.failed('SOURCE_FAILED'));
    states$.complete();
    await settle();
    expect(sessions()).toEqual([SESSION_ID]);
  });

  it('forgets the session of an upload that had to start anew, and notes its new one', async () => {
    await store.put(record());
    const { states$ } = follow(true);
    states$.next(uploading(500));
    states$.next(states.plain('connecting', { sessionID: 'another' }));
    states$.next(uploading(10, 'another'));
    expect((await store.list()).map(({ sessionID }) => sessionID)).toEqual(['another']);
  });

  it('does not offer an upload that runs, and does once it is stopped', async () => {
    const { states$, end } = follow();
    states$.next(uploading(500));
    unfinished.refresh();
    await settle();
    expect(sessions()).toEqual([]);
    expect(await unfinished.recall([photo()])).toEqual([undefined]);
    end();
    await settle();
    expect(sessions()).toEqual([SESSION_ID]);
  });

  it('does not offer what another tab uploads, and does once that tab is gone', async () => {
    await store.put(record());
    const closeTab = TestBed.inject(SessionLocks).hold(SESSION_ID);
    await reload();
    expect(sessions()).toEqual([]);
    expect(await unfinished.recall([photo()])).toEqual([undefined]);
    closeTab();
    await settle();
    expect(sessions()).toEqual([SESSION_ID]);
  });

  it('keeps a session that is taken over from another tab', async () => {
    const locks = TestBed.inject(SessionLocks);
    locks.hold(SESSION_ID);
    follow().states$.next(uploading(500));
    await settle();
    expect(await locks.held()).toEqual(new Set([SESSION_ID]));
  });

  it('offers everything where there are no locks, since the server lets the latest win', async () => {
    uninstallLocks();
    await store.put(record());
    await reload();
    expect(sessions()).toEqual([SESSION_ID]);
  });

  it('has uploads begin anew when the store does not answer', async () => {
    jest.spyOn(store, 'list').mockReturnValue(new Promise(() => {}));
    const recalled = unfinished.recall([photo()]);
    await jest.advanceTimersByTimeAsync(2000);
    expect(await recalled).toEqual([undefined]);
  });

  it('forgets on request, and cancels the session on the server without sending anything', async () => {
    await store.put(record());
    await reload();
    void unfinished.forget(SESSION_ID);
    await settle();
    expect([await store.list(), sessions()]).toEqual([[], []]);
    const commands: string[] = [];
    engine.at(0).options.controls.commands$.subscribe((command) => commands.push(command));
    expect([engine.at(0).options.sessionID, engine.at(0).file.size, commands]).toEqual([SESSION_ID, 0, ['cancel']]);
  });
});
