import { expect, test } from '@playwright/test';
import { freePort, type GatewayProcess, NginxServer } from '@upload-streams/testing';
import { readFile } from 'node:fs/promises';
import { randomFile, UploadPage } from './support/upload-page.js';
import { startServer } from './support/upload-server.js';

const TEMPLATE = new URL('../../web/nginx/default.conf.template', import.meta.url);
const WEB_DIR = new URL('../../web/dist/browser', import.meta.url).pathname;

/** The page's container with its own configuration, whose variables are filled in as its entry point does. */
async function startPageServer(gatewayUrl: string, port: number): Promise<NginxServer> {
  const template = await readFile(TEMPLATE, 'utf8');
  const variables: Readonly<Record<string, string>> = {
    BASE_PATH: '',
    GATEWAY_URL: gatewayUrl,
    GATEWAY_ADDRESS: '127.0.0.1:1',
    NGINX_LOCAL_RESOLVERS: '127.0.0.1',
  };
  const site = template
    .replace(/\$\{(\w+)\}/g, (_, name: string) => variables[name] ?? '')
    .replace('listen 8080;', `listen 127.0.0.1:${port};`)
    .replace('/usr/share/nginx/html', WEB_DIR);
  return NginxServer.startWith(
    () => `include /etc/nginx/mime.types; map $http_upgrade $connection_upgrade { default upgrade; } ${site}`,
    port,
  );
}

test.skip(!NginxServer.isInstalled, 'nginx is not installed');

test.describe('a page on another host than its gateway', () => {
  let pages: NginxServer;
  let gateway: GatewayProcess;

  test.beforeAll(async () => {
    const port = await freePort();
    // `localhost` and `127.0.0.1` are different sites, so no cookie of the page goes to the gateway.
    gateway = await startServer({ CORS_ORIGINS: `http://localhost:${port}` });
    pages = await startPageServer(gateway.url, port);
  });
  test.afterAll(async () => {
    await pages.close();
    await gateway.close();
  });

  test.beforeEach(async ({ page }) => {
    await page.goto(`http://localhost:${pages.port}/`);
  });

  test('uploads, lists, downloads with a link that needs no cookie, and deletes', async ({ page }) => {
    const file = randomFile('elsewhere.bin', 300_000);
    await new UploadPage(page).choose(file);
    const link = page.getByRole('link', { name: 'elsewhere.bin' });
    const address = await link.getAttribute('href');
    expect(address).toContain(`${gateway.url}/api/files/`);
    expect((await fetch(address!)).status).toBe(404);
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect((await readFile(await download.path())).equals(file.buffer)).toBe(true);
    expect(page.url()).toBe(`http://localhost:${pages.port}/`);
    await page.getByRole('button', { name: 'Delete elsewhere.bin' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect(page.getByText('No files yet.')).toBeVisible();
  });

  test('says why a file that is gone can not be downloaded', async ({ page }) => {
    await new UploadPage(page).choose(randomFile('gone.bin', 1000));
    const link = page.getByRole('link', { name: 'gone.bin' });
    await expect(link).toBeVisible();
    await page.route('**/link', (route) =>
      route.fulfill({ status: 404, json: { error: { code: 'FILE_NOT_FOUND', message: '', recovery: 'fatal' } } }),
    );
    await link.click();
    await expect(page.getByRole('alert')).toContainText('Not downloaded.');
  });
});
