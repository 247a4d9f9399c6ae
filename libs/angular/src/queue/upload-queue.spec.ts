import { TestBed, type ComponentFixture } from '@angular/core/testing';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { FakeEngine } from '../testing/fake-engine';
import { photo, states } from '../testing/states';
import { UploadService } from '../upload.service';
import { UPLOAD_CLIENT } from '../upload.tokens';
import { UploadQueue } from './upload-queue';

describe('UploadQueue', () => {
  let engine: FakeEngine;
  let fixture: ComponentFixture<UploadQueue>;

  const host = () => fixture.nativeElement as HTMLElement;
  const rows = () => Array.from(host().querySelectorAll('.name'), (name) => name.textContent);
  const announced = () => host().querySelector('[role=status]')?.textContent;
  const button = (label: string) =>
    Array.from(host().querySelectorAll('button')).find((candidate) =>
      [candidate.getAttribute('aria-label'), candidate.textContent?.trim()].includes(label),
    );
  const press = (label: string) => {
    button(label)?.focus();
    button(label)?.click();
    TestBed.tick();
  };

  beforeEach(async () => {
    jest.useFakeTimers();
    engine = new FakeEngine();
    TestBed.configureTestingModule({ providers: [{ provide: UPLOAD_CLIENT, useValue: engine }] });
    fixture = TestBed.createComponent(UploadQueue);
    document.body.append(host());
    TestBed.inject(UploadService).add([photo('a.jpg'), photo('b.jpg'), photo('c.jpg')]);
    await jest.advanceTimersByTimeAsync(0);
    for (const upload of engine.uploads) upload.states.next(states.plain('uploading'));
    TestBed.tick();
  });

  afterEach(() => {
    host().remove();
    jest.useRealTimers();
  });

  it('has a row for each upload and says how many are done', () => {
    engine.at(1).states.next(states.completed());
    TestBed.tick();
    expect(rows()).toEqual(['a.jpg', 'b.jpg', 'c.jpg']);
    expect(host().querySelector('.summary')?.textContent).toBe('1 of 3 done');
  });

  it('announces together what ends together, and then falls silent', () => {
    engine.at(0).states.next(states.completed());
    engine.at(1).states.next(states.completed());
    jest.advanceTimersByTime(500);
    TestBed.tick();
    expect(announced()).toBe('2 files uploaded successfully.');
    jest.advanceTimersByTime(10_000);
    TestBed.tick();
    expect(announced()).toBe('');
  });

  it('clears what has ended and leaves what is under way', () => {
    expect(button('Clear finished')).toBeUndefined();
    engine.at(0).states.next(states.completed());
    engine.at(2).states.next(states.failed('STORAGE_FULL'));
    TestBed.tick();
    press('Clear finished');
    expect(rows()).toEqual(['b.jpg']);
  });

  it('hands the commands of a row to its upload', () => {
    const commands: string[] = [];
    engine.at(1).options.controls.commands$.subscribe((command) => commands.push(command));
    press('Pause b.jpg');
    press('Cancel b.jpg');
    expect(commands).toEqual(['run', 'pause', 'cancel']);
  });

  it('keeps the focus in the row when its upload completes', () => {
    button('Pause b.jpg')?.focus();
    engine.at(1).states.next(states.completed());
    TestBed.tick();
    expect(document.activeElement?.getAttribute('aria-label')).toBe('Dismiss b.jpg');
  });

  it('keeps the focus in the list when a row goes', () => {
    engine.at(1).states.next(states.completed());
    TestBed.tick();
    press('Dismiss b.jpg');
    expect(document.activeElement?.tagName).toBe('SECTION');
  });
});
