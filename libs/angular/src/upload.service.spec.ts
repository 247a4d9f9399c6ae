import { TestBed } from '@angular/core/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MemoryResumeStore } from '@upload-streams/client';
import type { ChosenFile } from './chosen-file';
import { FakeEngine } from './testing/fake-engine';
import { COMPLETED, fakeHandle, photo, record, SESSION_ID, states } from './testing/states';
import { UploadService } from './upload.service';
import { RESUME_STORE, UPLOAD_CLIENT } from './upload.tokens';

describe('UploadService', () => {
  let engine: FakeEngine;
  let service: UploadService;
  let store: MemoryResumeStore;
  const statuses = () => service.uploads().map(({ state }) => state.status);

  /** Adds files, and lets the service look for unfinished uploads of them. */
  async function add(...files: (File | ChosenFile)[]): Promise<void> {
    service.add(files);
    await jest.advanceTimersByTimeAsync(0);
  }

  beforeEach(() => {
    jest.useFakeTimers();
    engine = new FakeEngine();
    store = new MemoryResumeStore();
    TestBed.configureTestingModule({
      providers: [
        { provide: UPLOAD_CLIENT, useValue: engine },
        { provide: RESUME_STORE, useValue: store },
      ],
    });
    service = TestBed.inject(UploadService);
  });

  afterEach(() => void jest.useRealTimers());

  it('lists uploads in the order in which they were added, each with an ID of its own', async () => {
    await add(photo('a.jpg'), photo('b.jpg'));
    engine.at(1).states.next(states.plain('queued'));
    engine.at(0).states.next(states.plain('queued'));
    expect(new Set(service.uploads().map(({ id }) => id)).size).toBe(2);
    expect(service.uploads().map(({ file }) => file.name)).toEqual(['b.jpg', 'a.jpg']);
  });

  it('shows the first state at once and the latest of a burst later', async () => {
    await add(photo());
    for (let uploaded = 0; uploaded < 1000; uploaded++) {
      engine.at(0).states.next(states.plain('uploading', { uploaded }));
    }
    expect(service.uploads()[0]?.state.uploaded).toBe(0);
    jest.advanceTimersByTime(100);
    expect(service.uploads()[0]?.state.uploaded).toBe(999);
  });

  it('shows a final state at once, and nothing older after it', async () => {
    await add(photo());
    engine.at(0).states.next(states.plain('queued'));
    engine.at(0).states.next(states.plain('uploading', { uploaded: 500 }));
    engine.at(0).states.next(states.completed());
    engine.at(0).states.complete();
    expect(statuses()).toEqual(['completed']);
    jest.advanceTimersByTime(1000);
    expect(statuses()).toEqual(['completed']);
  });

  it('tells of a file only when the server has confirmed it', async () => {
    const completed: unknown[] = [];
    service.completed$.subscribe((file) => completed.push(file));
    await add(photo(), photo('b.jpg'));
    engine.at(0).states.next(states.plain('verifying', { uploaded: 1000 }));
    engine.at(1).states.next(states.failed('STORAGE_FULL'));
    jest.advanceTimersByTime(1000);
    expect(completed).toEqual([]);
    engine.at(0).states.next(states.completed());
    expect(completed).toEqual([COMPLETED]);
  });

  it('keeps the other uploads going when one fails', async () => {
    await add(photo('a.jpg'), photo('b.jpg'));
    engine.at(0).states.next(states.failed('FILE_TOO_LARGE'));
    engine.at(0).states.complete();
    engine.at(1).states.next(states.completed());
    expect(statuses()).toEqual(['failed', 'completed']);
  });

  it('hands pause, resume and cancel to the engine', async () => {
    await add(photo());
    engine.at(0).states.next(states.plain('uploading'));
    const [{ id } = { id: '' }] = service.uploads();
    const commands: string[] = [];
    engine.at(0).options.controls.commands$.subscribe((command) => commands.push(command));
    service.pause(id);
    service.resume(id);
    service.cancel(id);
    expect(commands).toEqual(['run', 'pause', 'run', 'cancel']);
  });

  it('says that it is cancelling until the engine says that it has', async () => {
    await add(photo());
    engine.at(0).states.next(states.plain('uploading'));
    service.cancel(service.uploads()[0]?.id ?? '');
    expect(service.uploads()[0]?.cancelling).toBe(true);
    engine.at(0).states.next(states.plain('cancelled'));
    expect(service.uploads()[0]?.cancelling).toBe(false);
  });

  it('retries in the same row and with the same session, so that it goes on', async () => {
    await add(photo());
    engine.at(0).states.next(states.failed('STORAGE_FULL'));
    engine.at(0).states.complete();
    const [{ id } = { id: '' }] = service.uploads();
    service.retry(id);
    expect(engine.at(1).options.sessionID).toBe(SESSION_ID);
    engine.at(1).states.next(states.plain('connecting'));
    expect(service.uploads().map((upload) => [upload.id, upload.state.status])).toEqual([[id, 'connecting']]);
  });

  it('retries nothing that still runs', async () => {
    await add(photo());
    engine.at(0).states.next(states.plain('uploading'));
    service.retry(service.uploads()[0]?.id ?? '');
    expect(engine.uploads).toHaveLength(1);
  });

  it('stops an upload that is dismissed', async () => {
    await add(photo());
    engine.at(0).states.next(states.plain('uploading'));
    service.dismiss(service.uploads()[0]?.id ?? '');
    expect(engine.at(0).stopped).toBe(true);
    expect(service.uploads()).toEqual([]);
  });

  it('stops all uploads when it is destroyed', async () => {
    await add(photo('a.jpg'), photo('b.jpg'));
    TestBed.resetTestingModule();
    expect(engine.uploads.map(({ stopped }) => stopped)).toEqual([true, true]);
  });

  describe('with a name and metadata', () => {
    const options = () => engine.uploads.map(({ options: { fileName, metadata } }) => [fileName, metadata]);
    /** Adds files with details. */
    async function addWith(...args: Parameters<UploadService['add']>): Promise<void> {
      service.add(...args);
      await settled();
    }

    it('passes them on for all files, for each file, or by a function of the file', async () => {
      await addWith([photo('a.jpg')], { metadata: { album: 'summer' } });
      await addWith([{ file: photo('b.jpg'), fileName: 'c.jpg', metadata: { album: 'winter' } }]);
      await addWith([photo('d.jpg'), photo('e.jpg')], ({ name }) => ({ fileName: `my ${name}`, metadata: { name } }));
      expect(options()).toEqual([
        ['a.jpg', { album: 'summer' }],
        ['c.jpg', { album: 'winter' }],
        ['my d.jpg', { name: 'd.jpg' }],
        ['my e.jpg', { name: 'e.jpg' }],
      ]);
    });

    it('prefers what is beside a file', async () => {
      await addWith([{ file: photo('a.jpg'), fileName: 'own.jpg' }], { fileName: 'other.jpg', metadata: { a: 'b' } });
      expect(options()).toEqual([['own.jpg', { a: 'b' }]]);
    });

    it('keeps them over a retry', async () => {
      await addWith([photo()], { fileName: 'c.jpg', metadata: { album: 'summer' } });
      engine.at(0).states.next(states.failed('STORAGE_FULL'));
      engine.at(0).states.complete();
      service.retry(service.uploads()[0]?.id ?? '');
      expect(options()[1]).toEqual(['c.jpg', { album: 'summer' }]);
    });

    it('goes on with them after a reload, under the name that the session was begun with', async () => {
      await addWith([photo()], { fileName: 'first.jpg', metadata: { album: 'summer' } });
      engine.at(0).states.next(states.plain('uploading', { uploaded: 500 }));
      await settled();
      TestBed.inject(UploadService).dismiss(service.uploads()[0]?.id ?? '');
      await settled();
      const [left] = await store.list();
      expect(left).toMatchObject({ fileName: 'photo.jpg', uploadName: 'first.jpg', metadata: { album: 'summer' } });
      await addWith([photo()], { fileName: 'second.jpg' });
      service.takeUp(left!, { file: photo() });
      expect(options().slice(1)).toEqual([
        ['first.jpg', { album: 'summer' }],
        ['first.jpg', { album: 'summer' }],
      ]);
    });

    it.each<[string, unknown]>([
      ['metadata that are no texts', { metadata: { page: 5 } }],
      ['a name that is no text', { fileName: 5 }],
    ])('throws for %s, adds nothing, and goes on to take others', async (_what, wrong) => {
      expect(() => service.add([photo('a.jpg')], wrong as never)).toThrow(RangeError);
      expect(() => service.add([photo('a.jpg'), { file: photo(), ...(wrong as object) }])).toThrow(RangeError);
      await addWith([photo('b.jpg')]);
      expect(options()).toEqual([['b.jpg', undefined]]);
    });

    it('throws what the function throws, and adds nothing', async () => {
      const details = () => {
        throw new Error('no album');
      };
      expect(() => service.add([photo()], details)).toThrow('no album');
      await settled();
      expect(engine.uploads).toEqual([]);
    });
  });

  it('goes on with an unfinished upload when the same file is chosen again, and with no other', async () => {
    await store.put(record());
    await add(photo('other.jpg'), photo('photo.jpg', 999), photo());
    expect(engine.uploads.map(({ options }) => options.sessionID)).toEqual([undefined, undefined, SESSION_ID]);
  });

  it('uses a session for one upload only when the same file is chosen twice', async () => {
    await store.put(record());
    await add(photo());
    await add(photo());
    expect(engine.uploads.map(({ options }) => options.sessionID)).toEqual([SESSION_ID, undefined]);
  });

  it('takes up an unfinished upload with the file that it is given', async () => {
    const file = photo();
    service.takeUp(record(), { file });
    expect(engine.at(0)).toMatchObject({ file, options: { sessionID: SESSION_ID, fileName: 'photo.jpg' } });
  });

  it('remembers the handle of a file over a retry', async () => {
    const handle = fakeHandle('granted', photo());
    await add({ file: photo(), handle });
    engine.at(0).states.next(states.failed('STORAGE_FULL'));
    engine.at(0).states.complete();
    service.retry(service.uploads()[0]?.id ?? '');
    await settled();
    engine.at(1).states.next(states.plain('uploading', { uploaded: 500 }));
    expect(await store.list()).toMatchObject([{ handle }]);
  });

  it('reads a file afresh from its handle for a retry, once', async () => {
    const now = new File(['changed'], 'photo.jpg', { lastModified: 2 });
    const handle = fakeHandle('granted', now);
    await add({ file: photo(), handle });
    expect(engine.at(0).options.handle).toBe(handle);
    engine.at(0).states.next(states.failed('SOURCE_CHANGED'));
    engine.at(0).states.complete();
    for (let clicks = 0; clicks < 2; clicks++) service.retry(service.uploads()[0]?.id ?? '');
    await settled();
    expect(engine.uploads).toHaveLength(2);
    expect(engine.at(1).file).toBe(now);
    expect(engine.at(1).options.handle).toBe(handle);
    engine.at(1).states.next(states.plain('connecting', { size: 7 }));
    await jest.advanceTimersByTimeAsync(100);
    expect(service.uploads()[0]?.file).toBe(now);
  });

  it('retries with the file that was chosen if its handle may not be read', async () => {
    const file = photo();
    await add({ file, handle: fakeHandle('denied', file) });
    engine.at(0).states.next(states.failed('SOURCE_FAILED'));
    engine.at(0).states.complete();
    service.retry(service.uploads()[0]?.id ?? '');
    await settled();
    expect(engine.at(1).file).toBe(file);
  });

  it('goes on with the session of a file that was only touched, but not through the handle of a copy', async () => {
    await store.put(record({ lastModified: 2, handle: fakeHandle('granted', photo()) }));
    await add(photo());
    expect(engine.at(0).options).toMatchObject({ sessionID: SESSION_ID, handle: undefined });
  });
});

const settled = () => jest.advanceTimersByTimeAsync(0);
