import { expect, test } from '@playwright/test';
import { type GatewayProcess, NginxServer, startDeployedNginx } from '@upload-streams/testing';
import { readFile } from 'node:fs/promises';
import { randomFile, UploadPage } from './support/upload-page.js';
import { startServer, storedFiles } from './support/upload-server.js';

test.skip(!NginxServer.isInstalled, 'nginx is not installed');

for (const removesPrefix of [false, true]) {
  test.describe(`below /uploads/, behind nginx that ${removesPrefix ? 'removes' : 'keeps'} the prefix`, () => {
    let server: GatewayProcess;
    let nginx: NginxServer;

    test.beforeAll(async () => {
      server = await startServer({ BASE_PATH: '/uploads' });
      nginx = await startDeployedNginx({ gatewayPort: server.port, removesPrefix });
    });
    test.afterAll(async () => {
      await nginx.close();
      await server.close();
    });

    test('the page loads, uploads, lists and downloads', async ({ page }) => {
      const errors: string[] = [];
      page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
      await page.goto(`${nginx.url}/uploads`);
      expect(new URL(page.url()).pathname).toBe('/uploads/');
      const uploads = new UploadPage(page);
      const file = randomFile('prefixed.bin', 300_000);
      await uploads.choose(file);
      const link = page.getByRole('link', { name: 'prefixed.bin' });
      await expect(link).toHaveAttribute('href', /^\/uploads\/api\/files\//);
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
      expect((await readFile(await download.path())).equals(file.buffer)).toBe(true);
      expect(await storedFiles(server)).toHaveLength(1);
      expect(errors).toEqual([]);
    });
  });
}

test('a link to an own file on another site leads to the file', async ({ page }) => {
  const server = await startServer();
  try {
    await page.goto(server.url);
    const file = randomFile('linked.bin', 1000);
    await new UploadPage(page).choose(file);
    const address = await page.getByRole('link', { name: 'linked.bin' }).getAttribute('href');
    // `localhost` and `127.0.0.1` are different sites.
    await page.route('http://localhost:1/mail', (route) =>
      route.fulfill({ contentType: 'text/html', body: `<a href="${new URL(address!, server.url).href}">my file</a>` }),
    );
    await page.goto('http://localhost:1/mail');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link').click()]);
    expect((await readFile(await download.path())).equals(file.buffer)).toBe(true);
  } finally {
    await server.close();
  }
});
