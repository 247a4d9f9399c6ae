import { TestBed, type ComponentFixture } from '@angular/core/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { UploadState } from '@upload-streams/client';
import { UploadError } from '@upload-streams/protocol';
import { photo, states } from '../testing/states';
import { UploadRow } from './upload-row';

describe('UploadRow', () => {
  let fixture: ComponentFixture<UploadRow>;

  function show(state: UploadState, cancelling = false): HTMLElement {
    fixture.componentRef.setInput('upload', { id: 'upload-1', file: photo(), state, cancelling });
    TestBed.tick();
    return fixture.nativeElement as HTMLElement;
  }

  const text = (row: HTMLElement) => (row.textContent ?? '').replaceAll(/\s+/g, ' ');
  const buttons = (row: HTMLElement) =>
    Array.from(row.querySelectorAll('button'), (button) => button.getAttribute('aria-label'));

  beforeEach(() => {
    jest.useFakeTimers();
    fixture = TestBed.createComponent(UploadRow);
  });

  afterEach(() => void jest.useRealTimers());

  it('names the file, also if the name is cut off', () => {
    const name = show(states.plain('queued')).querySelector('.name');
    expect(name?.textContent).toBe('photo.jpg');
    expect(name?.getAttribute('title')).toBe('photo.jpg');
  });

  it('shows a name whose characters would turn it around harmlessly, and apart from the text around it', () => {
    const file = new File([], 'invoice-\u202Egpj.exe');
    fixture.componentRef.setInput('upload', { id: 'upload-1', file, state: states.plain('queued'), cancelling: false });
    TestBed.tick();
    const row = fixture.nativeElement as HTMLElement;
    expect(row.querySelector('.name > bdi')?.textContent).toBe('invoice-\uFFFDgpj.exe');
    expect(row.outerHTML).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/);
    expect(row.outerHTML).toContain('Cancel invoice-\uFFFDgpj.exe');
  });

  it('counts by the size that the file has now, if it changed', () => {
    const row = show(states.plain('uploading', { uploaded: 1500, size: 2000 }));
    expect(text(row)).toContain('1.5 kB of 2 kB');
    expect(text(row)).toContain('75 %');
  });

  it('says what to do about a file that changed and can not be read again', () => {
    const error = new UploadError('SOURCE_CHANGED', { rereadable: false });
    expect(text(show({ ...states.plain('queued'), status: 'failed', error }))).toContain(
      'The file changed during its upload. Nothing of it was stored. Choose it again',
    );
  });

  it('says that it waits for room', () => {
    expect(text(show(states.waiting('STORAGE_FULL', 5000)))).toContain('waits and goes on when there is room');
  });

  it('says what to do about a network that blocks WebSockets, also while it is about to try again', () => {
    const row = text(show(states.waiting('WEBSOCKET_BLOCKED', 5000)));
    expect(row).toContain('This network blocks the connection that uploads need');
    expect(row).toContain('Try another network');
  });

  it('shows bytes, percentage, rate and time left while it uploads', () => {
    const row = show(states.plain('uploading', { uploaded: 429, bytesPerSecond: 1500, secondsLeft: 65 }));
    expect(text(row)).toContain('429 bytes of 1 kB');
    expect(text(row)).toContain('1.5 kB/s · 1 min 5 s left');
    expect(text(row)).toContain('42 %');
    expect(row.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')).toBe('42');
  });

  it.each([
    [states.plain('queued'), 'Waiting for its turn'],
    [states.plain('connecting'), 'Connecting…'],
    [states.plain('hashing'), 'Comparing with what the server has…'],
    [states.plain('paused'), 'Paused'],
    [states.plain('verifying', { uploaded: 1000 }), 'The server checks and stores it…'],
    [states.plain('cancelled'), 'Cancelled'],
    [states.failed('STORAGE_FULL'), 'no room left'],
  ])('says "$1" in state $0.status, and nothing of success', (state, sentence) => {
    const row = show(state);
    expect(text(row)).toContain(sentence);
    expect(text(row)).not.toContain('successfully');
  });

  it('says "File uploaded successfully" once the server has confirmed it', () => {
    expect(text(show(states.completed()))).toContain('File uploaded successfully');
  });

  it('says what it waits for and counts down to the next attempt', () => {
    const row = show(states.waiting('CONNECTION_LOST', 2600));
    jest.advanceTimersByTime(0);
    TestBed.tick();
    expect(text(row)).toContain('There is no connection to the server. Trying again in 3 s.');
    jest.advanceTimersByTime(2000);
    TestBed.tick();
    expect(text(row)).toContain('Trying again in 1 s.');
    jest.advanceTimersByTime(1000);
    TestBed.tick();
    expect(text(row)).toContain('Trying again…');
  });

  it('says that it waits for the network while there is none, and counts down to nothing', () => {
    const row = show(states.waiting('OFFLINE', undefined));
    jest.advanceTimersByTime(1000);
    TestBed.tick();
    expect(text(row)).toContain('You are offline. The upload goes on as soon as you are back online.');
    expect(text(row)).not.toContain('Trying again');
  });

  it('has a button for everything that can be done, labelled with the file', () => {
    expect(buttons(show(states.plain('uploading')))).toEqual(['Pause photo.jpg', 'Cancel photo.jpg']);
    expect(buttons(show(states.plain('paused')))).toEqual(['Resume photo.jpg', 'Cancel photo.jpg']);
    expect(buttons(show(states.failed('SOURCE_FAILED')))).toEqual(['Retry photo.jpg', 'Dismiss photo.jpg']);
    expect(buttons(show(states.plain('cancelled')))).toEqual(['Retry photo.jpg', 'Dismiss photo.jpg']);
    expect(buttons(show(states.completed()))).toEqual(['Dismiss photo.jpg']);
  });

  it('keeps the focus on the button that is now in the place of the one that was pressed', () => {
    document.body.append(fixture.nativeElement as HTMLElement);
    const row = show(states.plain('uploading'));
    row.querySelector('button')?.focus();
    show(states.plain('paused'));
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Resume photo.jpg');
  });

  it('takes no second command while it cancels', () => {
    const row = show(states.plain('uploading'), true);
    expect(text(row)).toContain('Cancelling…');
    const disabled = Array.from(row.querySelectorAll('button'), (button) => button.getAttribute('aria-disabled'));
    expect(disabled).toEqual(['true', 'true']);
  });

  it('does not promise an automatic restart if it has given up', () => {
    expect(text(show(states.failed('SOURCE_CHANGED')))).toContain('It was tried several times; try again later.');
  });
});
