import { expect, type Locator, type Page } from '@playwright/test';
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';

/** A file as Playwright passes it to a page. */
export interface ChosenFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export const MIB = 1024 * 1024;

export const randomFile = (name: string, bytes: number, mimeType = 'application/octet-stream'): ChosenFile => ({
  name,
  mimeType,
  buffer: randomBytes(bytes),
});

type RowButton =
  'Pause' | 'Resume' | 'Cancel' | 'Retry' | 'Dismiss' | 'Delete' | 'Go on with' | 'Choose the file again:' | 'Forget';

/** Writes a file of random bytes to disk, so that its date stays the same each time it is chosen. */
export async function writeRandomFile(path: string, bytes: number): Promise<string> {
  const file = await open(path, 'w');
  for (let left = bytes; left > 0; left -= MIB) await file.write(randomBytes(Math.min(MIB, left)));
  await file.close();
  return path;
}

/** The page as a person sees it, by its texts and labels. */
export class UploadPage {
  readonly rows: Locator;
  readonly fileRows: Locator;
  readonly unfinishedRows: Locator;

  constructor(readonly page: Page) {
    this.rows = page.locator('us-upload-row');
    this.fileRows = page.locator('us-file-row');
    this.unfinishedRows = page.locator('us-unfinished-row');
  }

  /** The upload of a file of that name. */
  row(name: string): Locator {
    return this.rows.filter({ hasText: name });
  }

  /** The stored file of that name. */
  fileRow(name: string): Locator {
    return this.fileRows.filter({ hasText: name });
  }

  /** The unfinished upload of a file of that name. */
  unfinished(name: string): Locator {
    return this.unfinishedRows.filter({ hasText: name });
  }

  async choose(...files: ChosenFile[]): Promise<void> {
    await this.page.getByLabel('Files to upload').setInputFiles(files);
  }

  async choosePath(path: string): Promise<void> {
    await this.page.getByLabel('Files to upload').setInputFiles(path);
  }

  /** Drops files on the page as if from the desktop. */
  async drop(...files: ChosenFile[]): Promise<void> {
    const contents = files.map(({ name, mimeType, buffer }) => ({ name, mimeType, base64: buffer.toString('base64') }));
    await this.page.evaluate(async (dropped) => {
      const dataTransfer = new DataTransfer();
      for (const { name, mimeType, base64 } of dropped) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        dataTransfer.items.add(new File([bytes], name, { type: mimeType }));
      }
      for (const type of ['dragenter', 'dragover', 'drop']) {
        document.body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }
    }, contents);
  }

  /** Drops a file with the browser's own drag and drop, so that the page gets its handle. */
  async dropPath(path: string): Promise<void> {
    const devtools = await this.page.context().newCDPSession(this.page);
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
      await devtools.send('Input.dispatchDragEvent', {
        type,
        x: 100,
        y: 100,
        data: { items: [], files: [path], dragOperationsMask: 1 },
      });
    }
    await devtools.detach();
  }

  /** Starts to upload files, the first by choosing it and the others by dropping them, and reloads the page midway. */
  async leaveUnfinished(...paths: string[]): Promise<void> {
    const [chosen, ...dropped] = paths;
    if (chosen) await this.choosePath(chosen);
    for (const path of dropped) await this.dropPath(path);
    for (const path of paths) await expect.poll(() => this.percent(basename(path))).toBeGreaterThan(0);
    this.page.once('dialog', (dialog) => void dialog.accept());
    await this.page.reload();
    await expect(this.unfinishedRows).toHaveCount(paths.length);
  }

  /** Chooses a file with the button of an unfinished upload. */
  async chooseAgain(name: string, path: string): Promise<void> {
    await this.withoutPicker();
    const choosing = this.page.waitForEvent('filechooser');
    await this.button('Choose the file again:', name).click();
    await (await choosing).setFiles(path);
  }

  /** Removes `showOpenFilePicker`, whose dialog can't be used here. */
  async withoutPicker(): Promise<void> {
    await this.page.evaluate(() => Reflect.deleteProperty(window, 'showOpenFilePicker'));
  }

  button(what: RowButton, name: string): Locator {
    return this.page.getByRole('button', { name: `${what} ${name}`, exact: true });
  }

  download(name: string): Locator {
    return this.page.getByRole('link', { name: `Download ${name}`, exact: true });
  }

  /** The percentage that an upload shows. */
  async percent(name: string): Promise<number> {
    const value = await this.row(name).getByRole('progressbar').getAttribute('aria-valuenow');
    return Number(value ?? Number.NaN);
  }
}
