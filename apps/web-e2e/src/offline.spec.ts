import { sha256 } from '@upload-streams/testing';
import { writeFile } from 'node:fs/promises';
import { expect, test } from './support/fixtures.js';
import { MIB, randomFile } from './support/upload-page.js';
import { storedFiles } from './support/upload-server.js';

/** Longer than any delay between two attempts. */
const LONG_MS = 5 * 60_000;

test.beforeEach(({ page }) => page.clock.install());

test('an upload waits while the browser is offline, and goes on as soon as it is back online', async ({
  page,
  uploads,
  link,
  context,
  server,
}, testInfo) => {
  const file = randomFile('offline.bin', 8 * MIB);
  const path = testInfo.outputPath(file.name);
  await writeFile(path, file.buffer);
  link.shape({ upstream: { bytesPerSecond: 2 * MIB } });
  await uploads.choosePath(path);
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThan(5);
  // The browser's own `offline` event and `navigator.onLine`. DevTools leave an open WebSocket connected, so the test cuts it.
  await context.setOffline(true);
  link.cut();
  await expect(uploads.row(file.name)).toContainText(
    'You are offline. The upload goes on as soon as you are back online.',
  );
  const reached = await uploads.percent(file.name);
  const { connectionCount } = link;
  await page.clock.runFor(LONG_MS);
  await expect(uploads.row(file.name)).toContainText('You are offline.');
  expect(link.connectionCount).toBe(connectionCount);

  // Within a second of the page's clock, however long that takes on a busy machine.
  await page.clock.pauseAt(await page.evaluate(() => Date.now() + 1000));
  await context.setOffline(false);
  await page.clock.runFor(1000);
  await expect.poll(() => link.connectionCount).toBeGreaterThan(connectionCount);
  await page.clock.resume();
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThanOrEqual(reached);
  link.shape({});
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await storedFiles(server)).toContainEqual({ name: file.name, sha256: sha256(file.buffer) });
});
