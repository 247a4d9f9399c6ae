import { sha256 } from '@upload-streams/testing';
import { expect, test } from './support/fixtures.js';
import { MIB, randomFile } from './support/upload-page.js';
import { storedFiles } from './support/upload-server.js';

test('a chosen file is stored identical', async ({ uploads, server }) => {
  const file = randomFile('identical.bin', 5 * MIB + 3);
  await uploads.choose(file);
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await storedFiles(server)).toContainEqual({ name: file.name, sha256: sha256(file.buffer) });
  await expect(uploads.fileRow(file.name)).toContainText('5.2 MB');
});

test('an empty file is stored', async ({ uploads, server }) => {
  const file = randomFile('empty.txt', 0, 'text/plain');
  await uploads.choose(file);
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await storedFiles(server)).toContainEqual({ name: file.name, sha256: sha256(file.buffer) });
  await expect(uploads.fileRow(file.name)).toContainText('0 bytes');
});

test('several files are uploaded at once by dropping them on the page', async ({ uploads, server }) => {
  const files = Array.from({ length: 12 }, (_, at) => randomFile(`dropped-${at}.bin`, at * 100_000));
  await uploads.drop(...files);
  await expect(uploads.page.getByText('File uploaded successfully')).toHaveCount(files.length);
  await expect(uploads.page.getByText('12 done', { exact: true })).toBeVisible();
  await expect(uploads.fileRows).toHaveCount(files.length);
  const stored = await storedFiles(server);
  for (const { name, buffer } of files) expect(stored).toContainEqual({ name, sha256: sha256(buffer) });
});

test('a name from another script, with spaces and quotes, is kept', async ({ uploads }) => {
  const name = 'Übersicht “2026” – 報告 (final).txt';
  await uploads.choose(randomFile(name, 10));
  await expect(uploads.fileRow(name)).toBeVisible();
});

test('an upload that is refused says why, in words', async ({ uploads, server }) => {
  const name = `${'n'.repeat(252)}.txt`;
  await uploads.choose(randomFile(name, 10));
  await expect(uploads.row(name)).toContainText('A file can’t be stored under this name. Rename it');
  await expect(uploads.page.getByText('File uploaded successfully')).toHaveCount(0);
  expect(await storedFiles(server)).not.toContainEqual(expect.objectContaining({ name }));
});

test('"File uploaded successfully" is not shown before the server has the whole file', async ({
  uploads,
  link,
  server,
}) => {
  // Large enough for the checks below to run before the end, even on a busy machine.
  const file = randomFile('early.bin', 8 * MIB);
  const success = uploads.page.getByText('File uploaded successfully');
  link.shape({ upstream: { bytesPerSecond: MIB } });
  await uploads.choose(file);
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThan(0);
  await expect(success).toHaveCount(0);
  expect(await storedFiles(server)).not.toContainEqual(expect.objectContaining({ name: file.name }));
  link.shape({});
  await expect(success).toBeVisible();
  expect(await storedFiles(server)).toContainEqual({ name: file.name, sha256: sha256(file.buffer) });
});

test('rate and time left are shown while a file is uploaded', async ({ uploads, link }) => {
  link.shape({ upstream: { bytesPerSecond: MIB } });
  await uploads.choose(randomFile('rate.bin', 6 * MIB));
  await expect(uploads.row('rate.bin')).toContainText(/[\d.]+ [kM]B\/s · \d+ s left/);
});

test('finished uploads are cleared from the queue and stay in the list', async ({ uploads }) => {
  await uploads.choose(randomFile('clear.txt', 10));
  await expect(uploads.fileRow('clear.txt')).toBeVisible();
  await uploads.page.getByRole('button', { name: 'Clear finished' }).click();
  await expect(uploads.rows).toHaveCount(0);
  await expect(uploads.fileRow('clear.txt')).toBeVisible();
});
