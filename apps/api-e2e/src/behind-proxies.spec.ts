import { afterEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient } from '@upload-streams/client/node';
import {
  NginxServer,
  PASSES_HOST,
  sha256,
  startDeployedNginx,
  uploadAsOriginalClient,
  type DeployedNginxOptions,
} from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { io } from 'socket.io-client';
import { startGateway } from './support/gateway.js';

const TOKEN = randomBytes(24).toString('base64url');
const CONTENT = randomBytes(3_000_000);

/** What a proxy changes in requests, in the words of nginx. */
type Manner = Omit<DeployedNginxOptions, 'gatewayPort'>;

if (!NginxServer.isInstalled) process.stderr.write('Skipped: uploads behind nginx (install nginx).\n');
const withNginx = NginxServer.isInstalled ? describe : describe.skip;

withNginx('behind nginx with deploy/proxies/nginx.conf', () => {
  const running: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const each of running.splice(0).reverse()) await each.close();
  });

  async function start(manner: Manner, env: Record<string, string> = {}): Promise<string> {
    const gateway = await startGateway({ BASE_PATH: '/uploads', TRUSTED_PROXIES: 'loopback', ...env });
    running.push(gateway);
    const nginx = await startDeployedNginx({ gatewayPort: gateway.port, ...manner });
    running.push(nginx);
    return nginx.url;
  }

  it.each<[string, Manner]>([
    ['keeps the prefix and passes Host on', { removesPrefix: false, hostHeaders: PASSES_HOST }],
    ['removes the prefix and passes Host on', { removesPrefix: true, hostHeaders: PASSES_HOST }],
    ['sends X-Forwarded-Host', { removesPrefix: false, hostHeaders: 'proxy_set_header X-Forwarded-Host $http_host;' }],
    [
      'sends X-Forwarded-Host and X-Forwarded-Port',
      {
        removesPrefix: true,
        hostHeaders: 'proxy_set_header X-Forwarded-Host $host; proxy_set_header X-Forwarded-Port $server_port;',
      },
    ],
    [
      'sends Forwarded',
      { removesPrefix: true, hostHeaders: `proxy_set_header Forwarded 'for=_x;host="$http_host";proto=$scheme';` },
    ],
  ])('that %s, a browser may connect, and uploads, lists and links work', async (_what, manner) => {
    const url = await start(manner);
    expect(await connectAsPage(url, url)).toBe('connected');
    expect(await connectAsPage(url, 'http://evil.example')).toBe('refused');
    const client = createNodeUploadClient({ url, path: '/uploads/upload-streams', token: TOKEN });
    try {
      const file = await client.uploadToEnd(CONTENT, { fileName: 'behind.bin' });
      expect(file.url).toBe(`/uploads/api/files/${file.fileId}`);
      const headers = { Authorization: `Bearer ${TOKEN}` };
      const stored = Buffer.from(await (await fetch(`${url}${file.url}`, { headers })).arrayBuffer());
      expect(sha256(stored)).toBe(sha256(CONTENT));
      const { files } = (await (await fetch(`${url}/uploads/api/files`, { headers })).json()) as { files: object[] };
      expect(files).toEqual([expect.objectContaining({ fileId: file.fileId })]);
      const changed = await fetch(`${url}${file.url}`, {
        method: 'DELETE',
        headers: { Origin: url, Cookie: `upload_identity=${TOKEN}` },
      });
      expect(changed.status).toBe(204);
    } finally {
      client.close();
    }
  });

  it('does not believe the headers of a proxy that is not trusted', async () => {
    const hostHeaders = 'proxy_set_header X-Forwarded-Host $http_host;';
    const url = await start({ removesPrefix: true, hostHeaders }, { TRUSTED_PROXIES: '' });
    expect(await connectAsPage(url, url)).toBe('refused');
  });
});

describe('with PUBLIC_URL', () => {
  it('tells absolute links', async () => {
    const gateway = await startGateway({ PUBLIC_URL: 'https://files.example.com/uploads/' });
    const client = createNodeUploadClient({ url: gateway.url, token: TOKEN });
    try {
      const { url, fileId } = await client.uploadToEnd(Buffer.from('linked'));
      expect(url).toBe(`https://files.example.com/uploads/api/files/${fileId}`);
    } finally {
      client.close();
      await gateway.close();
    }
  });
});

describe('with BASE_PATH', () => {
  it('takes clients of the original workflow as before, and requests without the prefix', async () => {
    const gateway = await startGateway({ BASE_PATH: '/uploads' });
    try {
      const sessionID = 'an-original-client-of-21';
      expect(await uploadAsOriginalClient(gateway.url, CONTENT.subarray(0, 10_000), { sessionID })).toMatchObject({
        size: 10_000,
      });
      expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
      expect((await fetch(`${gateway.url}/uploads/health/ready`)).status).toBe(200);
      expect((await fetch(`${gateway.url}/uploadsx/health/ready`)).status).toBe(404);
      const redirect = await fetch(`${gateway.url}/uploads`, { redirect: 'manual' });
      expect([redirect.status, redirect.headers.get('location')]).toEqual([308, '/uploads/']);
    } finally {
      await gateway.close();
    }
  });
});

/** Connects as a browser does for a page of `origin`. */
async function connectAsPage(url: string, origin: string): Promise<'connected' | 'refused'> {
  const extraHeaders = { Origin: origin };
  const socket = io(url, { path: '/uploads/upload-streams', transports: ['websocket'], forceNew: true, extraHeaders });
  try {
    return await new Promise((resolve) => {
      socket.once('connect', () => resolve('connected')).once('connect_error', () => resolve('refused'));
    });
  } finally {
    socket.disconnect();
  }
}
