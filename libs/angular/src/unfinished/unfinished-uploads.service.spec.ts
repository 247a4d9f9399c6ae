import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryResumeStore } from '@upload-streams/client';
import { of } from 'rxjs';
import { FakeEngine } from '../testing/fake-engine';
import { photo, record, SESSION_ID, states } from '../testing/states';
import { RESUME_STORE, UPLOAD_CLIENT } from '../upload.tokens';
import { UnfinishedUploads } from './unfinished-uploads.service';

describe('UnfinishedUploads', () => {
  let store: MemoryResumeStore;
  let engine: FakeEngine;

  beforeEach(() => {
    store = new MemoryResumeStore();
    engine = new FakeEngine();
    TestBed.configureTestingModule({
      providers: [
        { provide: UPLOAD_CLIENT, useValue: engine },
        { provide: RESUME_STORE, useValue: store },
      ],
    });
  });

  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const sessions = () =>
    TestBed.inject(UnfinishedUploads)
      .records()
      .map(({ sessionID }) => sessionID);

  it('presents as a signal what earlier visits left', async () => {
    await store.put(record());
    expect(sessions()).toEqual([]);
    await settle();
    expect(sessions()).toEqual([SESSION_ID]);
  });

  it('remembers an upload that it follows, and recalls it for the same file', async () => {
    const unfinished = TestBed.inject(UnfinishedUploads);
    of(states.plain('uploading', { uploaded: 500 }))
      .pipe(unfinished.follow({ file: photo() }, false))
      .subscribe();
    await settle();
    expect(sessions()).toEqual([SESSION_ID]);
    expect(await unfinished.recall([photo()])).toMatchObject([{ sessionID: SESSION_ID, uploaded: 500 }]);
  });

  it('forgets on request, and cancels the session on the server', async () => {
    await store.put(record());
    const unfinished = TestBed.inject(UnfinishedUploads);
    await settle();
    await unfinished.forget(SESSION_ID);
    expect([await store.list(), sessions(), engine.cancelled]).toEqual([[], [], [SESSION_ID]]);
  });
});
