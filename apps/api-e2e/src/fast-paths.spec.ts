import { afterEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { sha256, type GatewayProcess } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { filter, firstValueFrom, lastValueFrom, share } from 'rxjs';
import { startGateway } from './support/gateway.js';

const MIB = 1024 * 1024;
const NO_TRANSFER = new URL('./support/no-transfer.mjs', import.meta.url).href;

/** Fast paths save time and memory. Nothing else may depend on them. */
describe('without its fast paths, the gateway', () => {
  let gateway: GatewayProcess;

  afterEach(() => gateway.close());

  it.each([
    ['switched off', { FAST_PATHS: 'false' }],
    ['on a runtime that can not detach buffers', { NODE_OPTIONS: `--import ${NO_TRANSFER}` }],
    ['both', { FAST_PATHS: 'false', NODE_OPTIONS: `--import ${NO_TRANSFER}` }],
  ])('stores what it is sent (%s)', async (_, env) => {
    gateway = await startGateway(env);
    const client = createNodeUploadClient({ url: gateway.url });
    const contents = [20 * MIB + 7, 3 * MIB, 10_000, 0].map((size) => randomBytes(size));
    const files = await Promise.all(
      contents.map((content, index) => client.uploadToEnd(content, { fileName: `${index}.bin` })),
    );
    client.close();
    expect(files.map((file) => file.sha256)).toEqual(contents.map((content) => sha256(content)));
    for (const [index, { url }] of files.entries()) {
      const stored = Buffer.from(await (await fetch(`${gateway.url}${url}`)).arrayBuffer());
      expect(stored.equals(contents[index]!)).toBe(true);
    }
  });

  it('resumes uploads after a crash', async () => {
    gateway = await startGateway({ FAST_PATHS: 'false' });
    const client = createNodeUploadClient({ url: gateway.url });
    const content = randomBytes(40 * MIB);
    const states$ = client.upload(content, { fileName: 'resumed.bin' }).pipe(share());
    const begun = firstValueFrom(states$.pipe(filter(({ uploaded }) => uploaded > content.length / 3)));
    const [last] = await Promise.all([lastValueFrom(states$), begun.then(() => gateway.restart('SIGKILL'))]);
    client.close();
    expect(last).toMatchObject({ status: 'completed', file: { sha256: sha256(content) } });
  });

  const linux = existsSync('/proc/self/cmdline');
  (linux ? it : it.skip)('runs with the flags that it was started with (read from /proc)', async () => {
    gateway = await startGateway({ FAST_PATHS: 'false' });
    expect(await readFile(`/proc/${gateway.pid}/cmdline`, 'utf8')).not.toContain('--max-semi-space-size');
  });
});
