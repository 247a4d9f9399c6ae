import { TestBed, type ComponentFixture } from '@angular/core/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryResumeStore, type ResumeRecord } from '@upload-streams/client';
import { FakeEngine } from '../testing/fake-engine';
import { fakeHandle, photo, record, SESSION_ID, states } from '../testing/states';
import { UploadService } from '../upload.service';
import { RESUME_STORE, UPLOAD_CLIENT } from '../upload.tokens';
import { UnfinishedList } from './unfinished-list';

describe('UnfinishedList', () => {
  let store: MemoryResumeStore;
  let engine: FakeEngine;
  let fixture: ComponentFixture<UnfinishedList>;

  const host = () => fixture.nativeElement as HTMLElement;
  const text = () => (host().textContent ?? '').replaceAll(/\s+/g, ' ');
  const labels = () => Array.from(host().querySelectorAll('button'), (button) => button.getAttribute('aria-label'));
  const problem = () => host().querySelector('[role=alert]')?.textContent;

  const settle = async () => {
    await new Promise((resolve) => setTimeout(resolve));
    TestBed.tick();
  };

  async function show(...records: ResumeRecord[]): Promise<void> {
    for (const each of records) await store.put(each);
    fixture = TestBed.createComponent(UnfinishedList);
    document.body.append(host());
    await settle();
  }

  async function press(label: string): Promise<void> {
    const button = host().querySelector<HTMLElement>(`button[aria-label="${label}"]`);
    button?.focus();
    button?.click();
    await settle();
  }

  async function choose(file: File): Promise<void> {
    const input = host().querySelector('input')!;
    Object.defineProperty(input, 'files', { value: [file], configurable: true });
    input.dispatchEvent(new Event('change'));
    await settle();
  }

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

  afterEach(() => host().remove());

  it('shows nothing if nothing is unfinished', async () => {
    await show();
    expect(host().querySelector('section')).toBeNull();
  });

  it('says what is unfinished, how far it got and when', async () => {
    await show(record({ uploaded: 429, updatedAt: Date.now() - 1000 }));
    expect(text()).toContain('photo.jpg');
    expect(text()).toContain('42 % of 1 kB uploaded');
    expect(host().querySelector('time')?.textContent).toContain(String(new Date().getFullYear()));
  });

  it('offers to go on where the file is remembered, to choose it again if it is not', async () => {
    await show(record(), record({ sessionID: 'other', fileName: 'b.jpg', handle: fakeHandle('granted', photo()) }));
    expect(labels().sort()).toEqual(
      ['Choose the file again: photo.jpg', 'Forget photo.jpg', 'Go on with b.jpg', 'Forget b.jpg'].sort(),
    );
  });

  it('goes on with the file as it is now, in the same session', async () => {
    const file = photo('photo.jpg', 1001);
    await show(record({ handle: fakeHandle('granted', file) }));
    await press('Go on with photo.jpg');
    expect(engine.at(0)).toMatchObject({ file, options: { sessionID: SESSION_ID } });
    engine.at(0).states.next(states.plain('uploading', { uploaded: 500 }));
    TestBed.tick();
    expect(host().querySelector('section')).toBeNull();
  });

  it('says that permission was refused, and offers to choose the file again', async () => {
    await show(record({ handle: fakeHandle('denied', photo()) }));
    await press('Go on with photo.jpg');
    expect(problem()).toContain('not given permission');
    expect(labels()).toContain('Choose the file again: photo.jpg');
    expect(engine.uploads).toHaveLength(0);
  });

  it('says that the file is no longer at its place', async () => {
    const gone = new DOMException('gone', 'NotFoundError') as unknown as Error;
    await show(record({ handle: { ...fakeHandle('granted', photo()), getFile: () => Promise.reject(gone) } }));
    await press('Go on with photo.jpg');
    expect(problem()).toContain('no longer where it was');
  });

  it('goes on with the file that is chosen again, even if its date has changed', async () => {
    await show(record({ lastModified: 2 }));
    await choose(photo());
    expect(engine.at(0).options.sessionID).toBe(SESSION_ID);
  });

  it.each([
    [photo('other.jpg'), 'This is “other.jpg”. To go on, choose “photo.jpg”.'],
    [photo('photo.jpg', 999), 'This “photo.jpg” has 999 bytes, and the unfinished one has 1,000 bytes.'],
  ])('refuses another file, and says why', async (file, sentence) => {
    await show(record());
    await choose(file);
    expect(problem()).toContain(sentence);
    expect(engine.uploads).toHaveLength(0);
    await choose(photo());
    expect(problem()).toBeUndefined();
    expect(engine.uploads).toHaveLength(1);
  });

  it('forgets, and says so to whoever can’t see it', async () => {
    await show(record());
    await press('Forget photo.jpg');
    expect(host().querySelector('section')).toBeNull();
    expect(await store.list()).toEqual([]);
    expect(document.activeElement?.textContent).toBe('photo.jpg is forgotten.');
  });

  it('leaves an upload that failed to its row among the uploads', async () => {
    await show();
    TestBed.inject(UploadService).add([photo()]);
    await settle();
    engine.at(0).states.next(states.plain('uploading', { uploaded: 500 }));
    engine.at(0).states.next(states.failed('SOURCE_FAILED'));
    engine.at(0).states.complete();
    await settle();
    expect(host().querySelector('section')).toBeNull();
    TestBed.inject(UploadService).dismiss(TestBed.inject(UploadService).uploads()[0]?.id ?? '');
    await settle();
    expect(labels()).toEqual(['Choose the file again: photo.jpg', 'Forget photo.jpg']);
  });

  it('shows what another tab left meanwhile when the page is looked at again', async () => {
    await show();
    await store.put(record());
    window.dispatchEvent(new Event('focus'));
    await settle();
    expect(labels()).toContain('Forget photo.jpg');
  });
});
