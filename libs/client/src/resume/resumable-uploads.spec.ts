import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UploadError } from '@upload-streams/protocol';
import { Subject } from 'rxjs';
import { MemoryResumeStore } from '../adapters/stores/memory-resume-store.js';
import type { ResumeRecord } from '../ports/resume-store.js';
import type { UploadState } from '../state/upload-state.js';
import { FakeLocks } from '../testing/fake-locks.js';
import { photo, record, SESSION_ID, states } from '../testing/resume-fixtures.js';
import { detailsOf } from './resumable-file.js';
import { ResumableUploads } from './resumable-uploads.js';
import { SessionLocks } from './session-locks.js';

describe('ResumableUploads', () => {
  let store: MemoryResumeStore;
  let locks: SessionLocks;
  let cancel: jest.Mock<(sessionID: string) => Promise<void>>;
  let uploads: ResumableUploads;
  let records: readonly ResumeRecord[];

  const settle = () => jest.advanceTimersByTimeAsync(0);
  const sessions = () => records.map(({ sessionID }) => sessionID);

  /** The page after a reload. */
  async function reload(): Promise<void> {
    uploads?.close();
    uploads = new ResumableUploads({ store, locks, cancel });
    uploads.records$.subscribe((listed) => (records = listed));
    uploads.refresh();
    await settle();
  }

  /** An upload of `photo()`; the test emits its states. */
  function remember(recorded = false, handle?: FileSystemFileHandle) {
    const states$ = new Subject<UploadState>();
    const upload = states$.pipe(uploads.remember({ file: photo(), handle }, recorded)).subscribe();
    return { states$, end: () => upload.unsubscribe() };
  }
  const uploading = (uploaded: number, sessionID = SESSION_ID) => states.plain('uploading', { uploaded, sessionID });

  beforeEach(async () => {
    jest.useFakeTimers();
    store = new MemoryResumeStore();
    locks = new SessionLocks(new FakeLocks().manager);
    cancel = jest.fn(async () => undefined);
    await reload();
  });

  afterEach(() => {
    uploads.close();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('remembers the name and the metadata of an upload, if it has any', async () => {
    const details = { fileName: 'renamed.jpg', metadata: { album: 'summer' } };
    const states$ = new Subject<UploadState>();
    const upload = states$.pipe(uploads.remember({ file: photo(), ...details }, false)).subscribe();
    states$.next(uploading(500));
    upload.unsubscribe();
    await reload();
    const [found] = await uploads.recall([photo()]);
    expect(detailsOf(found, { fileName: 'other.jpg' })).toEqual(details);
    expect(detailsOf(record(), { fileName: 'other.jpg' })).toEqual({ fileName: 'photo.jpg', metadata: undefined });
    expect(detailsOf(undefined, details)).toEqual(details);
  });

  it('offers after a reload what was interrupted, with the handle of its file', async () => {
    const handle = { kind: 'file' } as FileSystemFileHandle;
    const { states$, end } = remember(false, handle);
    states$.next(uploading(500));
    end();
    await reload();
    expect(records).toEqual([record({ updatedAt: Date.now(), handle })]);
  });

  it('records nothing as long as the server has nothing', async () => {
    const { states$, end } = remember();
    states$.next(states.plain('connecting'));
    end();
    expect(await store.list()).toEqual([]);
  });

  it('records progress at most once a second', async () => {
    const update = jest.spyOn(store, 'update');
    const { states$ } = remember();
    for (let uploaded = 100; uploaded < 900; uploaded += 100) {
      states$.next(uploading(uploaded));
      await jest.advanceTimersByTimeAsync(250);
    }
    expect(update.mock.calls.map(([, { uploaded }]) => uploaded)).toEqual([500]);
  });

  it.each([states.completed(), states.plain('cancelled', { uploaded: 500 }), states.failed('UPLOAD_CANCELLED')])(
    'forgets an upload that is $status',
    async (end) => {
      const { states$ } = remember();
      states$.next(uploading(500));
      states$.next(end);
      states$.complete();
      await settle();
      expect([await store.list(), sessions()]).toEqual([[], []]);
    },
  );

  it('forgets a recorded upload that completes before it begins, because the server had all of it', async () => {
    await store.put(record());
    remember(true).states$.next(states.completed());
    expect(await store.list()).toEqual([]);
  });

  it('never accesses the store for a file that completes at once', () => {
    const remove = jest.spyOn(store, 'remove');
    remember().states$.next(states.completed());
    expect(remove).not.toHaveBeenCalled();
  });

  it('still offers an upload that failed', async () => {
    const { states$ } = remember();
    states$.next(uploading(500));
    states$.next(states.failed('SOURCE_FAILED'));
    states$.complete();
    await settle();
    expect(sessions()).toEqual([SESSION_ID]);
  });

  it('forgets the session of an upload that had to restart, and records its new one', async () => {
    await store.put(record());
    const { states$ } = remember(true);
    states$.next(uploading(500));
    states$.next(states.plain('connecting', { sessionID: 'another' }));
    states$.next(uploading(10, 'another'));
    expect((await store.list()).map(({ sessionID }) => sessionID)).toEqual(['another']);
  });

  it('does not offer an upload that runs, and offers it once it is stopped', async () => {
    const { states$, end } = remember();
    states$.next(uploading(500));
    uploads.refresh();
    await settle();
    expect(sessions()).toEqual([]);
    expect(await uploads.recall([photo()])).toEqual([undefined]);
    end();
    await settle();
    expect(sessions()).toEqual([SESSION_ID]);
  });

  it('reserves a recalled record, so that the same file chosen twice does not share it', async () => {
    await store.put(record());
    expect(await uploads.recall([photo(), photo()])).toEqual([record(), undefined]);
    expect(await uploads.recall([photo()])).toEqual([undefined]);
  });

  it('recalls the record of the same date if there are several, and else the latest', async () => {
    await store.put(record({ sessionID: 'same date', updatedAt: Date.now() - 1 }));
    await store.put(record({ sessionID: 'other date', lastModified: 2 }));
    const recalled = await uploads.recall([photo(), photo()]);
    expect(recalled.map((found) => found?.sessionID)).toEqual(['same date', 'other date']);
  });

  it('does not offer what another tab uploads, and offers it once that tab is gone', async () => {
    await store.put(record());
    const closeTab = locks.hold(SESSION_ID);
    await reload();
    expect(sessions()).toEqual([]);
    expect(await uploads.recall([photo()])).toEqual([undefined]);
    closeTab();
    await settle();
    expect(sessions()).toEqual([SESSION_ID]);
  });

  it('keeps a session that it takes over from another tab', async () => {
    locks.hold(SESSION_ID);
    remember().states$.next(uploading(500));
    await settle();
    expect(await locks.held()).toEqual(new Set([SESSION_ID]));
  });

  it('offers everything if there are no locks, since the server lets the latest win', async () => {
    locks = new SessionLocks(undefined);
    await store.put(record());
    await reload();
    expect(sessions()).toEqual([SESSION_ID]);
  });

  it('lets uploads begin anew if the store does not answer', async () => {
    jest.spyOn(store, 'list').mockReturnValue(new Promise(() => {}));
    const recalled = uploads.recall([photo()]);
    await jest.advanceTimersByTimeAsync(2000);
    expect(await recalled).toEqual([undefined]);
  });

  it('forgets on request, and cancels the session on the server', async () => {
    await store.put(record());
    await reload();
    await uploads.forget(SESSION_ID);
    expect([await store.list(), sessions()]).toEqual([[], []]);
    expect(cancel).toHaveBeenCalledWith(SESSION_ID);
  });

  it('forgets a record that is being read meanwhile', async () => {
    await store.put(record());
    uploads.refresh();
    await uploads.forget(SESSION_ID);
    expect(sessions()).toEqual([]);
  });

  it('forgets even if the server can not be reached', async () => {
    await store.put(record());
    cancel.mockRejectedValue(new UploadError('CONNECTION_LOST'));
    await uploads.forget(SESSION_ID);
    expect(await store.list()).toEqual([]);
  });

  it('emits no records after it was closed', async () => {
    await store.put(record());
    uploads.refresh();
    uploads.close();
    await settle();
    expect(records).toEqual([]);
  });
});
