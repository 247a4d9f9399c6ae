import { sha256 } from '@upload-streams/testing';
import { readFile } from 'node:fs/promises';
import { expect, test } from './support/fixtures.js';
import { randomFile, UploadPage } from './support/upload-page.js';
import { storedFiles } from './support/upload-server.js';

test('an uploaded file is in the list, also after a reload', async ({ uploads }) => {
  await uploads.choose(randomFile('listed.txt', 1234));
  await expect(uploads.fileRow('listed.txt')).toContainText('1.2 kB');
  await uploads.page.reload();
  await expect(uploads.fileRow('listed.txt')).toContainText('1.2 kB');
});

test('a downloaded file is the one that was uploaded, under its name', async ({ uploads }) => {
  const file = randomFile('down & “up” ü.bin', 300_000);
  await uploads.choose(file);
  const downloading = uploads.page.waitForEvent('download');
  await uploads.download(file.name).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe(file.name);
  expect(sha256(await readFile(await download.path()))).toBe(sha256(file.buffer));
});

test('a file is deleted after asking, from the list and from disk', async ({ uploads, server }) => {
  await uploads.choose(randomFile('unwanted.txt', 100));
  await uploads.button('Delete', 'unwanted.txt').click();
  const question = uploads.page.getByRole('group', { name: 'Delete unwanted.txt?' });
  await question.getByRole('button', { name: 'Keep' }).click();
  await expect(uploads.fileRow('unwanted.txt')).toBeVisible();
  await uploads.button('Delete', 'unwanted.txt').click();
  await question.getByRole('button', { name: 'Delete' }).click();
  await expect(uploads.page.getByText('No files yet.')).toBeVisible();
  expect(await storedFiles(server)).not.toContainEqual(expect.objectContaining({ name: 'unwanted.txt' }));
});

test('a long list comes page by page, on request', async ({ uploads }) => {
  await uploads.choose(...Array.from({ length: 55 }, (_, at) => randomFile(`many-${at}.txt`, 10)));
  await expect(uploads.page.getByText('55 done', { exact: true })).toBeVisible();
  await expect(uploads.fileRows).toHaveCount(50);
  await uploads.page.getByRole('button', { name: 'Show more' }).click();
  await expect(uploads.fileRows).toHaveCount(55);
  await expect(uploads.page.getByRole('button', { name: 'Show more' })).toHaveCount(0);
  await uploads.choose(randomFile('newest.txt', 10));
  await expect(uploads.fileRows.first()).toContainText('newest.txt');
  await expect(uploads.fileRows).toHaveCount(56);
});

test('a list that can’t be loaded says so, and is loaded on request', async ({ uploads, page }) => {
  await page.route('**/api/files?*', (route) => route.abort());
  await page.reload();
  await expect(page.getByRole('alert')).toContainText('The list could not be loaded. There is no connection');
  await page.unroute('**/api/files?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(uploads.page.getByText('No files yet.')).toBeVisible();
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('another browser sees none of these files and can’t download them', async ({ uploads, browser, baseURL }) => {
  await uploads.choose(randomFile('private.txt', 10));
  const href = await uploads.download('private.txt').getAttribute('href');
  const stranger = await browser.newContext({ ...(baseURL && { baseURL }) });
  const page = await stranger.newPage();
  await page.goto('/');
  await expect(page.getByText('No files yet.')).toBeVisible();
  await expect(new UploadPage(page).fileRow('private.txt')).toHaveCount(0);
  expect((await stranger.request.get(href ?? '')).status()).toBe(404);
  await stranger.close();
});
