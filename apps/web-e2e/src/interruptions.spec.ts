import { expect, test } from './support/fixtures.js';
import { MIB, randomFile } from './support/upload-page.js';
import { sha256 } from './support/upload-server.js';

const file = randomFile('interrupted.bin', 4 * MIB);
const stored = { name: file.name, sha256: sha256(file.buffer) };

test.beforeEach(async ({ uploads, link }) => {
  link.bytesPerSecond = MIB;
  await uploads.choose(file);
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThan(5);
});

test('a paused upload stands still, and goes on from there when it is resumed', async ({ uploads, link, server }) => {
  await uploads.button('Pause', file.name).click();
  await expect(uploads.row(file.name)).toContainText('Paused');
  const paused = await uploads.percent(file.name);
  await uploads.page.waitForTimeout(1000);
  expect(await uploads.percent(file.name)).toBe(paused);
  await uploads.button('Resume', file.name).click();
  await expect(uploads.row(file.name)).not.toContainText('Paused');
  expect(await uploads.percent(file.name)).toBeGreaterThanOrEqual(paused);
  link.bytesPerSecond = Infinity;
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await server.storedFiles()).toContainEqual(stored);
});

test('a cancelled upload leaves nothing in the list nor on disk', async ({ uploads, server }) => {
  const before = await server.partials();
  await uploads.button('Cancel', file.name).click();
  await expect(uploads.row(file.name)).toContainText('Cancelled');
  await expect(uploads.page.getByText('No files yet.')).toBeVisible();
  await expect.poll(() => server.partials()).toHaveLength(before.length - 1);
  await uploads.button('Dismiss', file.name).click();
  await expect(uploads.rows).toHaveCount(0);
});

test('a cancelled upload can be started again', async ({ uploads, link, server }) => {
  await uploads.button('Cancel', file.name).click();
  await expect(uploads.row(file.name)).toContainText('Cancelled');
  link.bytesPerSecond = Infinity;
  await uploads.button('Retry', file.name).click();
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await server.storedFiles()).toContainEqual(stored);
});

test('an upload goes on by itself when the connection is cut', async ({ uploads, link, server }) => {
  const before = await uploads.percent(file.name);
  link.cut();
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThan(before);
  link.bytesPerSecond = Infinity;
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await server.storedFiles()).toContainEqual(stored);
});

test('an upload says that it waits while the server is away, and goes on when it is back', async ({
  uploads,
  link,
  server,
}) => {
  await server.kill();
  await expect(uploads.row(file.name)).toContainText(
    /There is no connection to the server\. Trying again( in \d+ s\.|…)/,
  );
  link.bytesPerSecond = Infinity;
  await server.restart();
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await server.storedFiles()).toContainEqual(stored);
});
