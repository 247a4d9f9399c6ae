import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { ServerProcess } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { copyFile, rm, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { ENTRY } from './support/entry.ts';
import { Gateway } from './support/gateway.js';

const LOST: readonly (readonly [string, (catalogue: string) => Promise<void>])[] = [
  ['missing', (catalogue) => unlink(catalogue)],
  ['empty', (catalogue) => truncate(catalogue, 0)],
];

describe('a catalogue that is lost', () => {
  let gateway: Gateway;
  let catalogue: string;

  beforeEach(async () => {
    gateway = await Gateway.start();
    catalogue = join(gateway.dataDir, 'catalogue.db');
  });
  afterEach(() => gateway.close());

  async function upload(...sizes: readonly number[]): Promise<void> {
    const client = createNodeUploadClient({ url: gateway.url, token: randomBytes(24).toString('base64url') });
    for (const size of sizes) await client.uploadToEnd(randomBytes(size), { fileName: `${size}.bin` });
    client.close();
  }

  /** The gateway stopped, with its catalogue in one file. */
  async function stop(): Promise<void> {
    await gateway.stop();
    await rm(`${catalogue}-wal`, { force: true });
  }

  it.each(LOST)('(%s) stops the start, which says why, and costs no file', async (_, lose) => {
    await upload(100, 3_000_000);
    const stored = await gateway.storedFiles();
    expect(Object.keys(stored)).toHaveLength(2);
    await stop();
    await copyFile(catalogue, `${catalogue}.backup`);
    await lose(catalogue);
    const env = { DATA_DIR: gateway.dataDir };
    await expect(ServerProcess.start({ entry: ENTRY, env })).rejects.toThrow(
      'There are stored files, but the catalogue is empty',
    );
    expect(await gateway.storedFiles()).toEqual(stored);
    for (const name of [catalogue, `${catalogue}-wal`]) await rm(name, { force: true });
    await copyFile(`${catalogue}.backup`, catalogue);
    await gateway.start();
    expect(await gateway.storedFiles()).toEqual(stored);
  });

  it('costs no file either where it is told to start all the same', async () => {
    await upload(100, 3_000_000);
    const stored = await gateway.storedFiles();
    await stop();
    await unlink(catalogue);
    const adopting = await ServerProcess.start({
      entry: ENTRY,
      env: { DATA_DIR: gateway.dataDir, ADOPT_STORE: 'true' },
    });
    await adopting.stop('SIGTERM');
    expect(await gateway.storedFiles()).toEqual(stored);
    await gateway.start();
  });

  it('while the gateway runs stops it from taking uploads, and readiness says so', async () => {
    await upload(100);
    const stored = await gateway.storedFiles();
    await unlink(catalogue);
    expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(503);
    const client = createNodeUploadClient({ url: gateway.url });
    await expect(client.uploadToEnd(randomBytes(100), { giveUpAfterMs: 500 })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
    client.close();
    expect(gateway.log).toContain('was removed or replaced');
    expect(await gateway.storedFiles()).toEqual(stored);
  });
});
