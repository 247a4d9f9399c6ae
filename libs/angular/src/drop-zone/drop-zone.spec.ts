import { TestBed, type ComponentFixture } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { photo } from '../testing/states';
import { DropZone } from './drop-zone';

/** What jsdom has no class for: what is dragged. */
const dragged = (...entries: object[]) => ({
  types: ['Files'],
  dropEffect: 'none',
  items: entries.map((entry) => ({
    kind: 'file',
    webkitGetAsEntry: () => entry,
    getAsFile: () => ('plain' in entry ? entry.plain : null),
  })),
});

const fileEntry = (file: File) => ({
  isDirectory: false,
  plain: file,
  file: (give: (file: File) => void) => give(file),
});
const brokenEntry = {
  isDirectory: false,
  plain: null,
  file: (_: unknown, fail: (error: unknown) => void) => fail(new DOMException('gone', 'NotFoundError')),
};

/** A folder that is listed in parts of one entry each, as browsers list large ones. */
const folderEntry = (...entries: object[]) => ({
  isDirectory: true,
  createReader: () => {
    const left = [...entries];
    return { readEntries: (give: (part: object[]) => void) => give(left.splice(0, 1)) };
  },
});

describe('DropZone', () => {
  let fixture: ComponentFixture<DropZone>;
  let chosen: string[][];

  /** Sends a drag event from anywhere on the page; gives whether the page keeps the browser from opening the file. */
  function send(type: string, dataTransfer: object): boolean {
    const event = new Event(type, { bubbles: true, cancelable: true });
    Object.assign(event, { dataTransfer, relatedTarget: null });
    document.body.dispatchEvent(event);
    TestBed.tick();
    return event.defaultPrevented;
  }

  /** Reading a drop takes a few turns, none of which waits for anything real. */
  const read = () => new Promise((resolve) => setTimeout(resolve));

  const problem = () => (fixture.nativeElement as HTMLElement).querySelector('[role=status]')?.textContent;

  beforeEach(() => {
    fixture = TestBed.createComponent(DropZone);
    chosen = [];
    fixture.componentInstance.chosen.subscribe((files) => chosen.push(files.map(({ name }) => name)));
    TestBed.tick();
  });

  it('takes files that are dropped anywhere on the page', async () => {
    expect(send('drop', dragged(fileEntry(photo('a.jpg')), fileEntry(photo('b.jpg'))))).toBe(true);
    await read();
    expect(chosen).toEqual([['a.jpg', 'b.jpg']]);
  });

  it('takes the files in a dropped folder and in the folders in it', async () => {
    const folder = folderEntry(
      fileEntry(photo('a.jpg')),
      folderEntry(fileEntry(photo('b.jpg'))),
      fileEntry(photo('c.jpg')),
    );
    send('drop', dragged(folder));
    await read();
    expect(chosen).toEqual([['a.jpg', 'b.jpg', 'c.jpg']]);
  });

  it('takes what can be read and says how much can not', async () => {
    send('drop', dragged(folderEntry(brokenEntry, fileEntry(photo('a.jpg')))));
    await read();
    TestBed.tick();
    expect(chosen).toEqual([['a.jpg']]);
    expect(problem()).toBe('One item could not be read.');
  });

  it('says that an empty folder has no file in it', async () => {
    send('drop', dragged(folderEntry()));
    await read();
    TestBed.tick();
    expect(chosen).toEqual([]);
    expect(problem()).toBe('There was no file in it.');
  });

  it('shows that it takes files while they are dragged over the page, and no longer', () => {
    const host = fixture.nativeElement as HTMLElement;
    send('dragover', dragged());
    expect(host.classList).toContain('over');
    send('dragleave', dragged());
    expect(host.classList).not.toContain('over');
  });

  it('leaves dragged text alone', () => {
    expect(send('dragover', { ...dragged(), types: ['text/plain'] })).toBe(false);
    expect(send('drop', { ...dragged(), types: ['text/plain'] })).toBe(false);
  });

  it('takes files that are chosen, and the same ones again', () => {
    const input = (fixture.nativeElement as HTMLElement).querySelector('input')!;
    Object.defineProperty(input, 'files', { value: [photo('a.jpg')] });
    input.dispatchEvent(new Event('change'));
    input.dispatchEvent(new Event('change'));
    expect(chosen).toEqual([['a.jpg'], ['a.jpg']]);
    expect(input.value).toBe('');
  });
});
