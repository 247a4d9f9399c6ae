import { freePort, isInstalled, NginxServer, ServiceProcess, sha256 } from '@upload-streams/testing';
import { mkdir, writeFile } from 'node:fs/promises';
import { expect, test } from './support/fixtures.js';
import { randomFile, UploadPage } from './support/upload-page.js';
import { storedFiles } from './support/upload-server.js';

/** nginx as many configure it: without the headers that pass a WebSocket on. */
const configuration = (folder: string, port: number, gateway: number, headers: string) => `
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 64; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${gateway};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      ${headers}
    }
  }
}
`;

const UPGRADE = 'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";';

test.skip(!isInstalled('nginx'), 'Skipped: nginx without upgrade headers (apt-get install nginx)');

test('the page says that WebSockets are blocked, and goes on when they are not any more', async ({
  page,
  server,
}, testInfo) => {
  const folder = testInfo.outputPath('nginx');
  const path = `${folder}/nginx.conf`;
  const port = await freePort();
  await mkdir(folder, { recursive: true });
  await writeFile(path, configuration(folder, port, server.port, ''));
  const nginx = await ServiceProcess.start('nginx', ['-p', folder, '-c', path, '-g', 'daemon off;'], port);
  try {
    const file = randomFile('blocked.bin', 100_000);
    const probes: string[] = [];
    page.on('request', (request) => request.url().includes('transport=polling') && probes.push(request.url()));
    await page.goto(`http://127.0.0.1:${port}`);
    const uploads = new UploadPage(page);
    await uploads.choose(file);
    await expect(uploads.row(file.name)).toContainText('This network blocks the connection that uploads need');
    await expect(uploads.row(file.name)).toContainText('Try another network');
    expect(probes).toHaveLength(1);

    await server.stop('SIGKILL');
    await expect(uploads.row(file.name)).toContainText('There is no connection to the server', { timeout: 40_000 });
    await server.startAgain();
    await writeFile(path, configuration(folder, port, server.port, UPGRADE));
    nginx.signal('SIGHUP');
    await expect(uploads.row(file.name)).toContainText('File uploaded successfully', { timeout: 40_000 });
    expect(await storedFiles(server)).toContainEqual({ name: file.name, sha256: sha256(file.buffer) });
  } finally {
    await nginx.stop();
  }
});

test('the page says that its origin is refused, behind a proxy that changes the Host', async ({ page, server }) => {
  const changesHost = await NginxServer.startWith(
    (port) => `server {
      listen 127.0.0.1:${port};
      location / {
        proxy_pass http://127.0.0.1:${server.port};
        proxy_http_version 1.1;
        ${UPGRADE}
        proxy_set_header Host gateway.internal;
      }
    }`,
  );
  try {
    const file = randomFile('refused.bin', 1000);
    await page.goto(changesHost.url);
    await new UploadPage(page).choose(file);
    await expect(page.getByText('The server takes no uploads from this address.')).toBeVisible();
  } finally {
    await changesHost.close();
  }
});
