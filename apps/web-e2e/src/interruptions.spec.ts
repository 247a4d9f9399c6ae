import { sha256 } from '@upload-streams/testing';
import { expect, test } from './support/fixtures.js';
import { MIB, randomFile } from './support/upload-page.js';
import { storedFiles } from './support/upload-server.js';

const file = randomFile('interrupted.bin', 4 * MIB);
const stored = { name: file.name, sha256: sha256(file.buffer) };

test.beforeEach(async ({ uploads, link }) => {
  link.shape({ upstream: { bytesPerSecond: MIB } });
  await uploads.choose(file);
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThan(5);
});

test('a paused upload stands still while others go on, and goes on from there when it is resumed', async ({
  uploads,
  link,
  server,
}) => {
  await uploads.button('Pause', file.name).click();
  await expect(uploads.row(file.name)).toContainText('Paused');
  const paused = await uploads.percent(file.name);
  const other = randomFile('meanwhile.bin', MIB);
  await uploads.choose(other);
  await expect(uploads.row(other.name)).toContainText('File uploaded successfully');
  expect(await uploads.percent(file.name)).toBe(paused);
  await uploads.button('Resume', file.name).click();
  await expect(uploads.row(file.name)).not.toContainText('Paused');
  expect(await uploads.percent(file.name)).toBeGreaterThanOrEqual(paused);
  link.shape({});
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await storedFiles(server)).toContainEqual(stored);
});

test('a cancelled upload leaves nothing in the list nor on disk', async ({ uploads, server }) => {
  const before = await server.partialFiles();
  await uploads.button('Cancel', file.name).click();
  await expect(uploads.row(file.name)).toContainText('Cancelled');
  await expect(uploads.page.getByText('No files yet.')).toBeVisible();
  await expect.poll(() => server.partialFiles()).toHaveLength(before.length - 1);
  await uploads.button('Dismiss', file.name).click();
  await expect(uploads.rows).toHaveCount(0);
});

test('a cancelled upload can be started again', async ({ uploads, link, server }) => {
  await uploads.button('Cancel', file.name).click();
  await expect(uploads.row(file.name)).toContainText('Cancelled');
  link.shape({});
  await uploads.button('Retry', file.name).click();
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await storedFiles(server)).toContainEqual(stored);
});

test('an upload goes on by itself when the connection is cut', async ({ uploads, link, server }) => {
  const before = await uploads.percent(file.name);
  link.cut();
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThan(before);
  link.shape({});
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await storedFiles(server)).toContainEqual(stored);
});

test('an upload says that it waits while the server is away, and goes on when it is back', async ({
  uploads,
  link,
  server,
}) => {
  await server.stop('SIGKILL');
  await expect(uploads.row(file.name)).toContainText(
    /There is no connection to the server\. Trying again( in \d+ s\.|…)/,
  );
  link.shape({});
  await server.startAgain();
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await storedFiles(server)).toContainEqual(stored);
});
