import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { GatewayProcess } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { startGateway } from './support/gateway.js';
import { newSessionID, WireClient } from './support/wire-client.js';

describe('/metrics', () => {
  let gateway: GatewayProcess;
  let client: WireClient;

  beforeEach(async () => {
    gateway = await startGateway({ SESSION_TTL: '1s' });
    client = await WireClient.connect(gateway.url);
  });
  afterEach(async () => {
    client.close();
    await gateway.close();
  });

  /** The gateway's own metrics, without their common prefix. */
  async function metrics(): Promise<Record<string, number>> {
    const response = await fetch(`${gateway.url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
    const lines = (await response.text()).matchAll(/^upload_streams_(\w+) (\d+)$/gm);
    return Object.fromEntries([...lines].map(([, name, value]) => [name, Number(value)]));
  }

  /** Reads the metrics again until a condition holds. */
  async function metricsOnce(isTrue: (metrics: Record<string, number>) => boolean): Promise<Record<string, number>> {
    for (;;) {
      const now = await metrics();
      if (isTrue(now)) return now;
    }
  }

  it('counts uploads by how they ended, their bytes, and those under way', async () => {
    const bytes = randomBytes(1000);
    const whole = { size: 1000, chunk: bytes, crc32: crc32(bytes), last: true, fileCrc32: crc32(bytes) };
    await client.begin(newSessionID(), whole);
    const [cancelled, live] = [newSessionID(), newSessionID()];
    for (const sessionID of [cancelled, live]) await client.begin(sessionID, { size: 2000 });
    await client.cancel(cancelled);
    expect(await metrics()).toEqual({
      live_sessions: 1,
      begun_total: 3,
      completed_total: 1,
      completed_bytes_total: 1000,
      cancelled_total: 1,
      expired_total: 0,
      orphans_total: 0,
    });
  });

  it('counts what expired', async () => {
    await client.begin(newSessionID(), { size: 2000 });
    client.close();
    expect(await metricsOnce(({ expired_total }) => expired_total === 1)).toMatchObject({ live_sessions: 0 });
  });

  it('counts what a crash left', async () => {
    await writeFile(join(gateway.dataDir, 'partial', 'f'.repeat(32)), 'left by a crash');
    await gateway.restart('SIGKILL');
    expect(await metricsOnce(({ orphans_total }) => orphans_total === 1)).toMatchObject({ begun_total: 0 });
  });

  it('says how the process is', async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  });
});
