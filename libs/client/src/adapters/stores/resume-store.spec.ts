import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { RESUME_RECORD_MAX_AGE_MS, type ResumeRecord, type ResumeStore } from '../../ports/resume-store.js';
import { IndexedDbResumeStore } from './indexed-db-resume-store.js';
import { MemoryResumeStore } from './memory-resume-store.js';

const NOW = 1_800_000_000_000;

const record = (sessionID: string, changes: Partial<ResumeRecord> = {}): ResumeRecord => ({
  sessionID,
  fileName: 'photo.jpg',
  size: 1000,
  lastModified: 1,
  type: 'image/jpeg',
  uploaded: 100,
  updatedAt: NOW,
  ...changes,
});

/** Node has no IndexedDB: that adapter runs here as in a browser that refuses it. Chromium's is in apps/web-e2e. */
describe.each<[string, () => ResumeStore]>([
  ['MemoryResumeStore', () => new MemoryResumeStore()],
  ['IndexedDbResumeStore without IndexedDB', () => new IndexedDbResumeStore()],
])('%s', (_name, create) => {
  const store = create();
  const sessions = async () => (await store.list()).map(({ sessionID }) => sessionID);

  jest.spyOn(Date, 'now').mockReturnValue(NOW);

  afterEach(async () => {
    for (const sessionID of await sessions()) await store.remove(sessionID);
    jest.mocked(Date.now).mockReturnValue(NOW);
  });

  it('lists what was put, the latest first', async () => {
    await store.put(record('older', { updatedAt: NOW - 2 }));
    await store.put(record('newer', { updatedAt: NOW - 1 }));
    expect(await store.list()).toEqual([
      record('newer', { updatedAt: NOW - 1 }),
      record('older', { updatedAt: NOW - 2 }),
    ]);
  });

  it('has one record a session', async () => {
    await store.put(record('session'));
    await store.put(record('session', { uploaded: 200 }));
    expect(await store.list()).toEqual([record('session', { uploaded: 200 })]);
  });

  it('writes progress into a record and leaves the rest of it', async () => {
    await store.put(record('session'));
    await store.update('session', { uploaded: 500, updatedAt: NOW + 1 });
    expect(await store.list()).toEqual([record('session', { uploaded: 500, updatedAt: NOW + 1 })]);
  });

  it('does not bring back what was removed', async () => {
    await store.put(record('session'));
    await store.remove('session');
    await store.update('session', { uploaded: 500, updatedAt: NOW + 1 });
    expect(await store.list()).toEqual([]);
  });

  it('drops records that were not written for a week', async () => {
    await store.put(record('kept', { updatedAt: NOW + 1 }));
    await store.put(record('dropped'));
    jest.mocked(Date.now).mockReturnValue(NOW + RESUME_RECORD_MAX_AGE_MS + 1);
    expect(await sessions()).toEqual(['kept']);
    jest.mocked(Date.now).mockReturnValue(NOW);
    expect(await sessions()).toEqual(['kept']);
  });
});
