import { type FaultProxy, sha256 } from '@upload-streams/testing';
import { writeFile } from 'node:fs/promises';
import { expect, test } from './support/fixtures.js';
import { MIB, randomFile, UploadPage } from './support/upload-page.js';
import { storedFiles } from './support/upload-server.js';

const file = randomFile('reloaded.bin', 16 * MIB);
const stored = { name: file.name, sha256: sha256(file.buffer) };

let path: string;
/** Bytes that were sent before the upload went on. */
let sentBefore: number;

test.beforeEach(async ({ page }, testInfo) => {
  path = testInfo.outputPath(file.name);
  await writeFile(path, file.buffer);
  page.on('dialog', (dialog) => void dialog.accept());
});

/**
 * Reloads the page when 40 % of the file is stored. What was in flight is lost. The link is fast from then on.
 */
async function reloadMidway(uploads: UploadPage, link: FaultProxy): Promise<void> {
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThan(40);
  await uploads.page.reload();
  link.cut();
  await expect(uploads.unfinished(file.name)).toBeVisible();
  link.shape({});
  sentBefore = link.sent('upstream');
}

async function completes(uploads: UploadPage): Promise<void> {
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  await expect(uploads.unfinishedRows).toHaveCount(0);
}

test.describe('an upload that a reload interrupted', () => {
  test.beforeEach(async ({ uploads, link }) => {
    link.shape({ upstream: { bytesPerSecond: 4 * MIB } });
    await uploads.choosePath(path);
    await reloadMidway(uploads, link);
  });

  test('is offered with its size and how far it got, and goes on when its file is chosen again', async ({
    uploads,
    link,
    server,
  }) => {
    await expect(uploads.unfinished(file.name)).toContainText(/[1-9]\d % of 16.8 MB uploaded/);
    await uploads.chooseAgain(file.name, path);
    await completes(uploads);
    expect(link.sent('upstream') - sentBefore).toBeLessThan(file.buffer.length * 0.7);
    expect(await storedFiles(server)).toContainEqual(stored);
    await uploads.page.reload();
    await expect(uploads.fileRow(file.name)).toBeVisible();
    await expect(uploads.unfinishedRows).toHaveCount(0);
  });

  test('goes on as well when its file is chosen in the ordinary way', async ({ uploads, link, server }) => {
    await uploads.choosePath(path);
    await completes(uploads);
    expect(link.sent('upstream') - sentBefore).toBeLessThan(file.buffer.length * 0.7);
    expect(await storedFiles(server)).toContainEqual(stored);
  });

  test('does not go on with a file of another name or size, and says why', async ({ uploads }, testInfo) => {
    const other = testInfo.outputPath('other.bin');
    await writeFile(other, file.buffer);
    await uploads.chooseAgain(file.name, other);
    await expect(uploads.unfinished(file.name)).toContainText('This is “other.bin”. To go on, choose “reloaded.bin”.');
    await writeFile(path, 'much shorter');
    await uploads.chooseAgain(file.name, path);
    await expect(uploads.unfinished(file.name)).toContainText('has 12 bytes, and the unfinished one has 16,777,216');
    await expect(uploads.rows).toHaveCount(0);
  });

  test('starts anew when the file has changed, and is never mixed', async ({ uploads, server }) => {
    const changed = randomFile(file.name, file.buffer.length);
    await writeFile(path, changed.buffer);
    await uploads.chooseAgain(file.name, path);
    await completes(uploads);
    const sums = (await storedFiles(server)).filter(({ name }) => name === file.name).map(({ sha256: sum }) => sum);
    expect(sums).toContain(sha256(changed.buffer));
    await uploads.page.reload();
    await expect(uploads.fileRow(file.name)).toBeVisible();
    await expect(uploads.unfinishedRows).toHaveCount(0);
  });

  test('is forgotten on request, here and on the server', async ({ uploads, server }) => {
    const before = (await server.partialFiles()).length;
    await uploads.button('Forget', file.name).click();
    await expect(uploads.unfinishedRows).toHaveCount(0);
    await expect(uploads.page.locator(':focus')).toHaveText(`${file.name} is forgotten.`);
    await expect.poll(async () => (await server.partialFiles()).length).toBe(before - 1);
    await uploads.page.reload();
    await expect(uploads.page.getByText('No files yet.')).toBeVisible();
    await expect(uploads.unfinishedRows).toHaveCount(0);
  });

  test('goes on by keyboard alone', async ({ uploads, page }) => {
    const focused = page.locator(':focus');
    await uploads.withoutPicker();
    await page.keyboard.press('Tab');
    await expect(focused).toHaveText('Choose files');
    await page.keyboard.press('Tab');
    await expect(focused).toHaveAccessibleName(`Choose the file again: ${file.name}`);
    const choosing = page.waitForEvent('filechooser');
    await page.keyboard.press('Enter');
    await (await choosing).setFiles(path);
    await completes(uploads);
    await expect(focused).toHaveText(`${file.name} goes on.`);
    await page.keyboard.press('Tab');
    await expect(focused).toHaveText('Clear finished');
  });
});

test('a file whose handle may be read goes on with one click', async ({ uploads, link, page, server }) => {
  // A file in the origin private file system has a real handle and needs no permission.
  await page.evaluate(
    async ({ name, base64 }) => {
      const handle = await (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
      const writable = await handle.createWritable();
      await writable.write(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
      await writable.close();
      Object.assign(window, { showOpenFilePicker: async () => [handle] });
    },
    { name: file.name, base64: file.buffer.toString('base64') },
  );
  link.shape({ upstream: { bytesPerSecond: 4 * MIB } });
  await page.getByRole('button', { name: 'Choose files' }).click();
  await reloadMidway(uploads, link);
  await uploads.button('Go on with', file.name).click();
  await completes(uploads);
  expect(link.sent('upstream') - sentBefore).toBeLessThan(file.buffer.length * 0.7);
  expect(await storedFiles(server)).toContainEqual(stored);
});

test('an upload that another tab has is not offered, and is once that tab is closed', async ({
  uploads,
  link,
  context,
}) => {
  link.shape({ upstream: { bytesPerSecond: MIB } });
  await uploads.choosePath(path);
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThan(10);
  const other = new UploadPage(await context.newPage());
  await other.page.goto('/');
  await expect(other.page.getByText('No files yet.')).toBeVisible();
  await expect.poll(() => other.page.evaluate(async () => (await navigator.locks.query()).pending?.length)).toBe(1);
  await expect(other.unfinishedRows).toHaveCount(0);
  await uploads.page.close();
  await expect(other.unfinished(file.name)).toBeVisible();
});
