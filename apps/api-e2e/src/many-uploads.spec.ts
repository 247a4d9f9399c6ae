import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient, type NodeUploadClient, type UploadStatus } from '@upload-streams/client/node';
import { FaultProxy, type GatewayProcess, sha256 } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { lastValueFrom, tap } from 'rxjs';
import { startGateway } from './support/gateway.js';

const CLIENTS = 12;
const UPLOADS_EACH = 4;
const content = randomBytes(400_000);

/** A delay with which chunks follow their begin without waiting for its answer. */
const FAR_LINK = { upstream: { delayMs: 10 }, downstream: { delayMs: 10 } };

/** 12 uploads at once get 87 KiB each, less than a client may send before it knows its window. */
const NARROW = { WINDOW_BUDGET: '1MiB' };

describe('many uploads that share a small budget', () => {
  let gateway: GatewayProcess;
  let proxy: FaultProxy;
  let clients: NodeUploadClient[];

  beforeAll(async () => {
    gateway = await startGateway(NARROW);
    proxy = await FaultProxy.open({ port: gateway.port });
    proxy.shape(FAR_LINK);
    clients = Array.from({ length: CLIENTS }, () => createNodeUploadClient({ url: proxy.url }));
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    await proxy.close();
    await gateway.close();
  });

  it('go on without a refusal, one after the other on each connection, and are stored as they were', async () => {
    const seen = new Set<UploadStatus>();
    await Promise.all(
      clients.map(async (client) => {
        const states$ = client.upload(content, { fileName: 'one-of-many.bin' });
        for (let n = 0; n < UPLOADS_EACH; n++) await lastValueFrom(states$.pipe(tap(({ status }) => seen.add(status))));
      }),
    );
    expect(seen).toContain('uploading');
    expect(seen).not.toContain('waiting');
    const stored = Object.values(await gateway.storedFiles());
    expect(stored).toHaveLength(CLIENTS * UPLOADS_EACH);
    expect(new Set(stored)).toEqual(new Set([sha256(content)]));
  });
});
