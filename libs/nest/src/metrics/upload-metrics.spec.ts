import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Counter, register, Registry } from 'prom-client';
import { UploadModule } from '../index.js';
import { ALICE, HttpHost, PLATFORMS } from '../http/testing/http-host.js';
import { UploadMetrics, UploadMetricsModule, type UploadMetricsModuleOptions } from './index.js';

describe.each(PLATFORMS)('metrics on %s', (_, newAdapter) => {
  let dataDir: string;
  let host: HttpHost;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'metrics-'));
  });
  afterEach(async () => {
    await host.close();
    await rm(dataDir, { recursive: true });
  });

  async function start(options?: UploadMetricsModuleOptions): Promise<void> {
    host = await HttpHost.start(newAdapter(), {
      imports: [UploadModule.forRoot({ dataDir }), UploadMetricsModule.forRoot(options)],
    });
  }

  const upload = () => host.client(ALICE).uploadToEnd(Buffer.from('bytes'));

  it('count uploads and their bytes, beside those of the process', async () => {
    await start();
    await upload();
    await upload();
    const response = await host.fetch('/metrics');
    const text = await response.text();
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toContain('\nupload_streams_completed_total 2\n');
    expect(text).toContain('\nupload_streams_completed_bytes_total 10\n');
    expect(text).toContain('\nupload_streams_live_sessions 0\n');
    expect(text).toContain('\nprocess_cpu_seconds_total ');
    expect(await register.metrics()).toBe('\n');
  });

  it('can be in the registry of the application, which keeps what is not theirs', async () => {
    const registry = new Registry();
    new Counter({ name: 'orders_total', help: 'Orders', registers: [registry] });
    await start({ registry, path: false });
    await upload();
    expect((await host.fetch('/metrics')).status).toBe(404);
    expect(host.app.get(UploadMetrics, { strict: false }).registry).toBe(registry);
    const text = await registry.metrics();
    expect(text).toContain('upload_streams_completed_total 1');
    expect(text).not.toContain('process_cpu_seconds_total');
    await host.app.close();
    expect(registry.getMetricsAsArray().map(({ name }) => name)).toEqual(['orders_total']);
  });
});
