import { TestBed, type ComponentFixture } from '@angular/core/testing';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChosenFile } from '../chosen-file';
import { fakeHandle, photo } from '../testing/states';
import { DropZone } from './drop-zone';

/** What jsdom has no class for: what is dragged. */
const dragged = (...entries: object[]) => ({
  types: ['Files'],
  dropEffect: 'none',
  items: entries.map((entry) => ({
    kind: 'file',
    webkitGetAsEntry: () => entry,
    getAsFile: () => ('plain' in entry ? entry.plain : null),
    ...('handle' in entry && { getAsFileSystemHandle: async () => entry.handle }),
  })),
});

const fileEntry = (file: File, handle?: FileSystemHandle) => ({
  handle,
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
  let chosen: (readonly ChosenFile[])[];
  const names = () => chosen.map((files) => files.map(({ file }) => file.name));

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
    fixture.componentInstance.chosen.subscribe((files) => chosen.push(files));
    TestBed.tick();
  });

  it('takes files that are dropped anywhere on the page', async () => {
    expect(send('drop', dragged(fileEntry(photo('a.jpg')), fileEntry(photo('b.jpg'))))).toBe(true);
    await read();
    expect(names()).toEqual([['a.jpg', 'b.jpg']]);
  });

  it('takes the files in a dropped folder and in the folders in it', async () => {
    const folder = folderEntry(
      fileEntry(photo('a.jpg')),
      folderEntry(fileEntry(photo('b.jpg'))),
      fileEntry(photo('c.jpg')),
    );
    send('drop', dragged(folder));
    await read();
    expect(names()).toEqual([['a.jpg', 'b.jpg', 'c.jpg']]);
  });

  it('takes what can be read and says how much can not', async () => {
    send('drop', dragged(folderEntry(brokenEntry, fileEntry(photo('a.jpg')))));
    await read();
    TestBed.tick();
    expect(names()).toEqual([['a.jpg']]);
    expect(problem()).toBe('One item could not be read.');
  });

  it('says that an empty folder has no file in it', async () => {
    send('drop', dragged(folderEntry()));
    await read();
    TestBed.tick();
    expect(names()).toEqual([]);
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
    expect(names()).toEqual([['a.jpg'], ['a.jpg']]);
    expect(input.value).toBe('');
  });

  it('takes the handles of dropped files, if the browser gives any', async () => {
    const handle = fakeHandle('granted', photo('a.jpg'));
    send('drop', dragged(fileEntry(photo('a.jpg'), handle), fileEntry(photo('b.jpg'))));
    await read();
    expect(chosen[0]?.map((file) => file.handle)).toEqual([handle, undefined]);
  });

  describe('the button', () => {
    const press = async () => {
      (fixture.nativeElement as HTMLElement).querySelector('button')?.click();
      await read();
    };
    const withPicker = (pick: () => Promise<unknown>) => Object.assign(window, { showOpenFilePicker: pick });
    let opened: number;

    beforeEach(() => {
      opened = 0;
      const input = (fixture.nativeElement as HTMLElement).querySelector('input')!;
      input.addEventListener('click', () => opened++);
    });

    afterEach(() => void Reflect.deleteProperty(window, 'showOpenFilePicker'));

    it('opens the browser’s picker, which provides handles', async () => {
      const handle = fakeHandle('granted', photo('a.jpg'));
      withPicker(async () => [handle]);
      await press();
      expect(names()).toEqual([['a.jpg']]);
      expect(chosen[0]?.[0]?.handle).toBe(handle);
      expect(opened).toBe(0);
    });

    it('says how many of the files that were picked could not be read', async () => {
      const gone = new DOMException('gone', 'NotFoundError') as unknown as Error;
      withPicker(async () => [fakeHandle('granted', photo('a.jpg')), fakeHandle('granted', gone)]);
      await press();
      TestBed.tick();
      expect(names()).toEqual([['a.jpg']]);
      expect(problem()).toBe('One item could not be read.');
    });

    it('opens the ordinary picker if there is no other, or if that one is refused', async () => {
      await press();
      expect(opened).toBe(1);
      withPicker(async () => Promise.reject(new DOMException('embedded', 'SecurityError')));
      await press();
      expect(opened).toBe(2);
    });

    it('does nothing when the picker is closed', async () => {
      withPicker(async () => Promise.reject(new DOMException('closed', 'AbortError')));
      await press();
      expect([chosen, opened, problem()]).toEqual([[], 0, '']);
    });
  });
});
