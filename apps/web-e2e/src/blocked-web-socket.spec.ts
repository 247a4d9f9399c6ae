import { type GatewayProcess, NginxServer, sha256 } from '@upload-streams/testing';
import { expect, test } from './support/fixtures.js';
import { randomFile, UploadPage } from './support/upload-page.js';
import { storedFiles } from './support/upload-server.js';

/** Without `headers`, nginx as many configure it: without those that pass a WebSocket on. */
const siteInFrontOf = (server: GatewayProcess, headers: string) => (port: number) => `server {
  listen 127.0.0.1:${port};
  location / {
    proxy_pass http://127.0.0.1:${server.port};
    proxy_http_version 1.1;
    ${headers}
  }
}`;

const PASSES_HOST = 'proxy_set_header Host $http_host;';
const UPGRADE = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';

test.skip(!NginxServer.isInstalled, 'Skipped: uploads behind nginx (apt-get install nginx)');

test('the page says that WebSockets are blocked, and goes on when they are not any more', async ({ page, server }) => {
  const nginx = await NginxServer.startWith(siteInFrontOf(server, PASSES_HOST));
  try {
    const file = randomFile('blocked.bin', 100_000);
    const probes: string[] = [];
    page.on('request', (request) => request.url().includes('transport=polling') && probes.push(request.url()));
    await page.goto(nginx.url);
    const uploads = new UploadPage(page);
    await uploads.choose(file);
    await expect(uploads.row(file.name)).toContainText('This network blocks the connection that uploads need');
    await expect(uploads.row(file.name)).toContainText('Try another network');
    expect(probes).toHaveLength(1);

    await server.stop('SIGKILL');
    await expect(uploads.row(file.name)).toContainText('There is no connection to the server', { timeout: 40_000 });
    await server.startAgain();
    await nginx.reload(siteInFrontOf(server, `${PASSES_HOST} ${UPGRADE}`));
    await expect(uploads.row(file.name)).toContainText('File uploaded successfully', { timeout: 40_000 });
    expect(await storedFiles(server)).toContainEqual({ name: file.name, sha256: sha256(file.buffer) });
  } finally {
    await nginx.close();
  }
});

test('the page says that its origin is refused, behind a proxy that changes the Host', async ({ page, server }) => {
  const nginx = await NginxServer.startWith(
    siteInFrontOf(server, `${UPGRADE} proxy_set_header Host gateway.internal;`),
  );
  try {
    const file = randomFile('refused.bin', 1000);
    await page.goto(nginx.url);
    await new UploadPage(page).choose(file);
    await expect(page.getByText('The server takes no uploads from this address.')).toBeVisible();
  } finally {
    await nginx.close();
  }
});
