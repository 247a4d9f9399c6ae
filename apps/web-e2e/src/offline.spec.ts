import { writeFile } from 'node:fs/promises';
import { expect, test } from './support/fixtures.js';
import { MIB, randomFile } from './support/upload-page.js';
import { sha256 } from './support/upload-server.js';

test('an upload waits while the browser is offline, and goes on as soon as it is back online', async ({
  uploads,
  link,
  context,
  server,
}, testInfo) => {
  const file = randomFile('offline.bin', 8 * MIB);
  const path = testInfo.outputPath(file.name);
  await writeFile(path, file.buffer);
  link.bytesPerSecond = 2 * MIB;
  await uploads.choosePath(path);
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThan(5);
  // The browser's own `offline` event and `navigator.onLine`. What DevTools emulate leaves an open WebSocket alone: it is cut.
  await context.setOffline(true);
  link.cut();
  await expect(uploads.row(file.name)).toContainText(
    'You are offline. The upload goes on as soon as you are back online.',
  );
  const reached = await uploads.percent(file.name);
  const { connections } = link;
  await uploads.page.waitForTimeout(1500);
  await expect(uploads.row(file.name)).toContainText('You are offline.');
  expect(link.connections).toBe(connections);

  await context.setOffline(false);
  const backAt = Date.now();
  await expect.poll(() => link.connections, { intervals: [20] }).toBeGreaterThan(connections);
  expect(Date.now() - backAt).toBeLessThan(1000);
  await expect.poll(() => uploads.percent(file.name)).toBeGreaterThanOrEqual(reached);
  link.bytesPerSecond = Infinity;
  await expect(uploads.row(file.name)).toContainText('File uploaded successfully');
  expect(await server.storedFiles()).toContainEqual({ name: file.name, sha256: sha256(file.buffer) });
});
