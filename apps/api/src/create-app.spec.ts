import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvironment } from './app.config.js';
import { createApp } from './create-app.js';

describe('the application', () => {
  let folder: string;
  let app: NestExpressApplication;
  let url: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'api-'));
    const WEB_DIR = join(folder, 'web');
    await mkdir(WEB_DIR);
    await writeFile(join(WEB_DIR, 'index.html'), '<title>page</title>');
    await writeFile(join(WEB_DIR, 'main-ABCD1234.js'), '1');
    app = await createApp(
      readEnvironment({
        DATA_DIR: join(folder, 'data'),
        WEB_DIR,
        CORS_ORIGINS: 'https://a.example',
        TRUSTED_PROXIES: 'loopback',
      }),
    );
    await app.listen(0, '127.0.0.1');
    url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await app.close();
    await rm(folder, { recursive: true });
  });

  const handshake = (headers: Record<string, string>) =>
    fetch(`${url}/upload-streams/?EIO=4&transport=polling`, { headers });

  it('serves the page with headers that keep it to itself', async () => {
    const response = await fetch(url);
    expect(await response.text()).toContain('page');
    expect(response.headers.get('content-security-policy')!.split(';').sort()).toEqual([
      "base-uri 'self'",
      "connect-src 'self' ws: wss:",
      "default-src 'self'",
      "frame-ancestors 'none'",
      "img-src 'self' data:",
      "object-src 'none'",
      "style-src 'self' 'unsafe-inline'",
    ]);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
  });

  it.each([
    ['the name of the framework', 'x-powered-by'],
    ['a promise of TLS, which only the proxy in front can give', 'strict-transport-security'],
    ['a rule against files in pages of other origins', 'cross-origin-resource-policy'],
  ])('does not send %s', async (_, header) => {
    expect((await fetch(url)).headers.get(header)).toBeNull();
  });

  it('lets browsers keep files whose names have a hash', async () => {
    const response = await fetch(`${url}/main-ABCD1234.js`);
    expect(response.headers.get('cache-control')).toContain('immutable');
  });

  it('answers what does not exist with 404', async () => {
    expect((await fetch(`${url}/api/nothing`)).status).toBe(404);
  });

  it.each([
    ['no Origin, as Node sends', {}, 200],
    ['its own origin', () => ({ Origin: url }), 200],
    [
      'its own origin behind a trusted proxy',
      { Origin: 'https://files.example', 'X-Forwarded-Host': 'files.example' },
      200,
    ],
    ['a listed origin', { Origin: 'https://a.example' }, 200],
    ['any other origin', { Origin: 'https://evil.example' }, 403],
    ['an origin that is none', { Origin: 'null' }, 403],
  ])('answers a handshake with %s', async (_, headers, status) => {
    const response = await handshake(typeof headers === 'function' ? headers() : headers);
    expect(response.status).toBe(status);
  });

  it('tells a browser which other origin may read the handshake', async () => {
    const allowed = await handshake({ Origin: 'https://a.example' });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://a.example');
  });
});
