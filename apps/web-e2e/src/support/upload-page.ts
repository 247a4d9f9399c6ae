import type { Locator, Page } from '@playwright/test';
import { randomBytes } from 'node:crypto';

/** A file as Playwright hands it to a page. */
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

/** The page as a person sees it: by its texts and labels. */
export class UploadPage {
  readonly rows: Locator;
  readonly fileRows: Locator;

  constructor(readonly page: Page) {
    this.rows = page.locator('us-upload-row');
    this.fileRows = page.locator('us-file-row');
  }

  /** The upload of a file of that name. */
  row(name: string): Locator {
    return this.rows.filter({ hasText: name });
  }

  /** The stored file of that name. */
  fileRow(name: string): Locator {
    return this.fileRows.filter({ hasText: name });
  }

  async choose(...files: ChosenFile[]): Promise<void> {
    await this.page.getByLabel('Files to upload').setInputFiles(files);
  }

  async choosePath(path: string): Promise<void> {
    await this.page.getByLabel('Files to upload').setInputFiles(path);
  }

  /** Drops files on the middle of the page, as if from the desktop. */
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

  button(what: 'Pause' | 'Resume' | 'Cancel' | 'Retry' | 'Dismiss' | 'Delete', name: string): Locator {
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
