import { provideHttpClient } from '@angular/common/http';
import { HttpTestingController, provideHttpClientTesting } from '@angular/common/http/testing';
import { TestBed, type ComponentFixture } from '@angular/core/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeEngine } from '../testing/fake-engine';
import { photo, states } from '../testing/states';
import { UploadIdentity } from '../upload-identity';
import { UploadService } from '../upload.service';
import { UPLOAD_CLIENT } from '../upload.tokens';
import { FileList } from './file-list';
import type { UploadedFile } from './uploaded-file';

const file = (fileId: string): UploadedFile => ({
  fileId,
  fileName: `${fileId}.jpg`,
  size: 1000,
  type: 'image/jpeg',
  crc32: 1,
  createdAt: '2026-05-04T12:00:00Z',
  url: `/api/files/${fileId}`,
});

const refusal = (code: string) => ({ error: { code, message: 'text for programs', recovery: 'fatal' } });

describe('FileList', () => {
  const engine = new FakeEngine();
  let fixture: ComponentFixture<FileList>;
  let http: HttpTestingController;

  const host = () => fixture.nativeElement as HTMLElement;
  const text = () => (host().textContent ?? '').replaceAll(/\s+/g, ' ');
  const names = () => Array.from(host().querySelectorAll('.name'), (name) => name.textContent);
  const button = (label: string) =>
    Array.from(host().querySelectorAll('button')).find((candidate) =>
      [candidate.getAttribute('aria-label'), candidate.textContent?.trim()].includes(label),
    );
  const press = (label: string) => {
    button(label)?.click();
    TestBed.tick();
  };
  const answer = (method: string, url: string, body: object | null, status = 200) => {
    const request = http.expectOne((wanted) => wanted.method === method && wanted.urlWithParams === url);
    request.flush(body, { status, statusText: 'any' });
    TestBed.tick();
    return request.request;
  };

  beforeEach(() => {
    jest.useFakeTimers();
    TestBed.configureTestingModule({
      providers: [provideHttpClient(), provideHttpClientTesting(), { provide: UPLOAD_CLIENT, useValue: engine }],
    });
    fixture = TestBed.createComponent(FileList);
    http = TestBed.inject(HttpTestingController);
    TestBed.tick();
  });

  afterEach(() => {
    http.verify();
    jest.useRealTimers();
  });

  it('asks for the first page as the person that this browser is', () => {
    expect(host().querySelector('[aria-label="Loading your files"]')).not.toBeNull();
    const request = answer('GET', '/api/files?limit=50', { files: [file('a')] });
    expect(request.headers.get('Authorization')).toBe(`Bearer ${TestBed.inject(UploadIdentity).secret}`);
    expect(names()).toEqual(['a.jpg']);
  });

  it('says that there are no files only once it knows', () => {
    expect(text()).not.toContain('No files yet');
    answer('GET', '/api/files?limit=50', { files: [] });
    expect(text()).toContain('No files yet');
  });

  it('says in words why it could not be loaded, and loads it again on request', () => {
    answer('GET', '/api/files?limit=50', refusal('STORAGE_FAILED'), 503);
    expect(host().querySelector('[role=alert]')?.textContent).toContain('The server can’t reach its storage just now.');
    press('Try again');
    answer('GET', '/api/files?limit=50', { files: [file('a')] });
    expect(host().querySelector('[role=alert]')).toBeNull();
  });

  it('adds the next page, without what is shown already', () => {
    answer('GET', '/api/files?limit=50', { files: [file('a'), file('b')], nextCursor: 'after-b' });
    press('Show more');
    answer('GET', '/api/files?limit=50&cursor=after-b', { files: [file('b'), file('c')] });
    expect(names()).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
    expect(button('Show more')).toBeUndefined();
  });

  it('is loaded again once when several uploads complete together, with all that it shows', async () => {
    const files = Array.from({ length: 51 }, (_, at) => file(`file-${at}`));
    answer('GET', '/api/files?limit=50', { files, nextCursor: 'more' });
    TestBed.inject(UploadService).add([photo('x.jpg'), photo('y.jpg')]);
    await jest.advanceTimersByTimeAsync(0);
    for (const { states: upload$ } of engine.uploads.slice(-2)) upload$.next(states.completed());
    jest.advanceTimersByTime(300);
    answer('GET', '/api/files?limit=100', { files: [file('new'), ...files] });
    expect(names()).toHaveLength(52);
  });

  it('links to the file as a download under its name', () => {
    answer('GET', '/api/files?limit=50', { files: [file('a')] });
    const link = host().querySelector('a');
    expect([link?.getAttribute('href'), link?.getAttribute('download')]).toEqual(['/api/files/a', 'a.jpg']);
  });

  it('deletes nothing before it has asked', () => {
    answer('GET', '/api/files?limit=50', { files: [file('a')] });
    press('Delete a.jpg');
    press('Keep');
    expect(names()).toEqual(['a.jpg']);
  });

  it('deletes a file, and shows it no more once the server has deleted it', () => {
    answer('GET', '/api/files?limit=50', { files: [file('a'), file('b')] });
    press('Delete a.jpg');
    press('Delete');
    expect(names()).toEqual(['a.jpg', 'b.jpg']);
    answer('DELETE', '/api/files/a', null, 204);
    expect(names()).toEqual(['b.jpg']);
  });

  it('keeps a file that could not be deleted, and says why', () => {
    answer('GET', '/api/files?limit=50', { files: [file('a')] });
    press('Delete a.jpg');
    press('Delete');
    answer('DELETE', '/api/files/a', refusal('STORAGE_FAILED'), 503);
    expect(names()).toEqual(['a.jpg']);
    expect(text()).toContain('Not deleted.');
  });

  it('takes a file that is gone already for deleted', () => {
    answer('GET', '/api/files?limit=50', { files: [file('a')] });
    press('Delete a.jpg');
    press('Delete');
    answer('DELETE', '/api/files/a', refusal('FILE_NOT_FOUND'), 404);
    expect(names()).toEqual([]);
  });
});
