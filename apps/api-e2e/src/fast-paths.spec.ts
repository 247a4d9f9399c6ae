import { afterEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { sha256, type GatewayProcess } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { startGateway } from './support/gateway.js';

const MIB = 1024 * 1024;
const NO_TRANSFER = new URL('./support/no-transfer.mjs', import.meta.url).href;

/** What is clever saves time and memory. Nothing else may depend on it. */
describe('without its fast paths, the gateway', () => {
  let gateway: GatewayProcess;

  afterEach(() => gateway.stop());

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
});
