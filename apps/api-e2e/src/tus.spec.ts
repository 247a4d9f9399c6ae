import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type GatewayProcess, NginxServer, sha256, startDeployedNginx } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Upload } from 'tus-js-client';
import { startGateway } from './support/gateway.js';
import { metricsOf } from './support/process-metrics.js';

const MIB = 1024 * 1024;
const content = randomBytes(48 * MIB);
const headers = { Authorization: 'Bearer owner-of-these-tests-0123456789' };

/** As much as one PATCH of any size may cost, with an idle gateway and room for garbage. */
const LIMIT_MIB = 320;

describe('clients of tus 1.0', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway({ CORS_ORIGINS: 'https://app.example.com' });
  });
  afterAll(() => gateway.close());

  it.each(['SIGKILL', 'SIGTERM'] as const)('continue after %s of the gateway', async (signal) => {
    let restarted: Promise<void> | undefined;
    const url = await new Promise<string>((resolve, reject) => {
      const upload: Upload = new Upload(content, {
        endpoint: `${gateway.url}/api/tus`,
        headers,
        metadata: { filename: 'resumed.bin' },
        chunkSize: 4 * MIB,
        retryDelays: [100, 200, 500, 1000, 1000, 2000],
        onChunkComplete: (_size, accepted) => {
          if (accepted > content.length / 3) restarted ??= gateway.restart(signal);
        },
        onSuccess: () => resolve(upload.url!),
        onError: reject,
      });
      upload.start();
    });
    expect(restarted).toBeDefined();
    await restarted;
    const stored = await fetch(url, { headers });
    expect(sha256(Buffer.from(await stored.arrayBuffer()))).toBe(sha256(content));
  });

  it('may be pages of an allowed origin', async () => {
    const page = { ...headers, Origin: 'https://app.example.com' };
    const asked = { 'Access-Control-Request-Method': 'PATCH', 'Access-Control-Request-Headers': 'tus-resumable' };
    const allowed = await fetch(`${gateway.url}/api/tus/x`, { method: 'OPTIONS', headers: { ...page, ...asked } });
    expect(allowed.headers.get('access-control-allow-methods')).toMatch(/HEAD.*PATCH.*DELETE/);
    expect(allowed.headers.get('access-control-allow-headers')).toBe('tus-resumable');
    const tus = { ...page, 'Tus-Resumable': '1.0.0', 'Upload-Length': '1' };
    const created = await fetch(`${gateway.url}/api/tus`, { method: 'POST', headers: tus });
    expect(created.status).toBe(201);
    expect(created.headers.get('access-control-expose-headers')).toMatch(/Location.*Upload-Offset.*Upload-Length/);
  });

  it('send a large file in one PATCH, and the memory of the gateway stays flat', async () => {
    const pieces = 1024;
    const piece = randomBytes(MIB);
    const tus = { ...headers, 'Tus-Resumable': '1.0.0' };
    const length = String(pieces * MIB);
    const created = await fetch(`${gateway.url}/api/tus`, {
      method: 'POST',
      headers: { ...tus, 'Upload-Length': length },
    });
    const url = new URL(created.headers.get('location')!, gateway.url);
    const patch = request(url, {
      method: 'PATCH',
      headers: {
        ...tus,
        'Upload-Offset': '0',
        'Content-Type': 'application/offset+octet-stream',
        'Content-Length': length,
      },
    });
    const answered = new Promise<number>((resolve, reject) => {
      patch.on('response', (response) => resolve(response.resume().statusCode!)).on('error', reject);
    });
    const resident: number[] = [];
    async function* body() {
      for (let sent = 0; sent < pieces; sent++) {
        if (sent % 64 === 0) resident.push((await metricsOf(gateway.url)).residentMib);
        yield piece;
      }
    }
    await pipeline(Readable.from(body()), patch);
    expect(await answered).toBe(204);
    expect(Math.max(...resident)).toBeLessThan(LIMIT_MIB);
    expect((await fetch(url, { method: 'DELETE', headers: tus })).status).toBe(204);
  }, 120_000);
});

if (!NginxServer.isInstalled) process.stderr.write('Skipped: tus clients behind nginx (install nginx).\n');
const withNginx = NginxServer.isInstalled ? it : it.skip;

withNginx('clients of tus 1.0 upload through nginx as it is deployed, with one PATCH', async () => {
  const gateway = await startGateway({ BASE_PATH: '/uploads' });
  const nginx = await startDeployedNginx({ gatewayPort: gateway.port, removesPrefix: true });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      const endpoint = `${nginx.url}/uploads/api/tus`;
      const onSuccess = () => resolve(upload.url!);
      const upload: Upload = new Upload(content, { endpoint, headers, retryDelays: [], onSuccess, onError: reject });
      upload.start();
    });
    expect(url.startsWith(`${nginx.url}/uploads/api/tus/`)).toBe(true);
    const stored = await fetch(url, { headers });
    expect(sha256(Buffer.from(await stored.arrayBuffer()))).toBe(sha256(content));
  } finally {
    await nginx.close();
    await gateway.close();
  }
});
