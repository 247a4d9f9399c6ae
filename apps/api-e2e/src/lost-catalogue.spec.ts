import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { type GatewayProcess, ServerProcess, sha256 } from '@upload-streams/testing';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, rm, truncate, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ENTRY } from './support/entry.ts';
import { startGateway } from './support/gateway.js';
import { HttpClient } from './support/http-client.js';

const REBUILD = join(dirname(ENTRY), 'rebuild-catalogue.js');

const LOST: readonly (readonly [string, (catalogue: string) => Promise<void>])[] = [
  ['missing', (catalogue) => unlink(catalogue)],
  ['empty', (catalogue) => truncate(catalogue, 0)],
];

describe('a catalogue that is lost', () => {
  let gateway: GatewayProcess;
  let catalogue: string;

  beforeEach(async () => {
    gateway = await startGateway();
    catalogue = join(gateway.dataDir, 'catalogue.db');
  });
  afterEach(() => gateway.close());

  async function upload(...sizes: readonly number[]): Promise<void> {
    const client = createNodeUploadClient({ url: gateway.url, token: randomBytes(24).toString('base64url') });
    for (const size of sizes) await client.uploadToEnd(randomBytes(size), { fileName: `${size}.bin` });
    client.close();
  }

  /** Stops the gateway and leaves its catalogue in one file. */
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
      'could not start. There are stored files, but the catalogue is empty',
    );
    expect(await gateway.storedFiles()).toEqual(stored);
    for (const name of [catalogue, `${catalogue}-wal`]) await rm(name, { force: true });
    await copyFile(`${catalogue}.backup`, catalogue);
    await gateway.startAgain();
    expect(await gateway.storedFiles()).toEqual(stored);
  });

  describe('is rebuilt from the stored files', () => {
    const token = randomBytes(24).toString('base64url');
    const metadata = { album: 'Ünïcode ☂' };

    const listed = async () => (await new HttpClient(gateway.url, token).list()).files;
    const digestsOf = (fileUrls: readonly string[]) =>
      Promise.all(
        fileUrls.map(async (path) => {
          const response = await new HttpClient(gateway.url, token).get(path);
          return sha256(new Uint8Array(await response.arrayBuffer()));
        }),
      );

    function rebuild(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
      const env = { ...process.env, NODE_OPTIONS: '', DATA_DIR: gateway.dataDir };
      return spawnSync(process.execPath, [REBUILD, ...args], { env, encoding: 'utf8' });
    }

    it.each(LOST)('(%s) with names, owners, metadata, times, and their order', async (_, lose) => {
      const client = createNodeUploadClient({ url: gateway.url, token });
      for (const size of [0, 100, 3_000_000]) {
        await client.uploadToEnd(randomBytes(size), { fileName: `${size}.bin`, type: 'text/plain', metadata });
      }
      const { fileId } = await client.uploadToEnd(randomBytes(50), { fileName: 'deleted.bin' });
      await new HttpClient(gateway.url, token).delete(`/api/files/${fileId}`);
      const ownerless = createNodeUploadClient({ url: gateway.url });
      const { url } = await ownerless.uploadToEnd(randomBytes(200), { fileName: 'ownerless.bin' });
      for (const one of [client, ownerless]) one.close();
      const before = await listed();
      expect(before.map(({ fileName }) => fileName)).toEqual(['3000000.bin', '100.bin', '0.bin']);
      const urls = [...before.map((file) => file.url), url];
      const digests = await digestsOf(urls);
      await stop();
      await lose(catalogue);
      expect(rebuild()).toMatchObject({ status: 0, stdout: expect.stringContaining('4 files restored, 0 were there') });
      await gateway.startAgain();
      expect(await listed()).toEqual(before);
      expect(await digestsOf(urls)).toEqual(digests);
      await stop();
      expect(rebuild()).toMatchObject({ status: 0, stdout: expect.stringContaining('0 files restored, 4 were there') });
      await gateway.startAgain();
    });

    it('without owners where no record was kept, if it is told to', async () => {
      await upload(100, 3_000_000);
      const stored = await gateway.storedFiles();
      await stop();
      await unlink(catalogue);
      await unlink(join(gateway.dataDir, 'records.jsonl'));
      expect(rebuild().stdout).toContain(
        '0 files restored, 0 were there, 0 failed, 0 have a record and no bytes, 2 have',
      );
      expect(rebuild('--unrecorded').stdout).toContain('2 files restored');
      await gateway.startAgain();
      expect(await gateway.storedFiles()).toEqual(stored);
    });

    it('not while the gateway runs, and says so', async () => {
      expect(rebuild()).toMatchObject({
        status: 1,
        stderr: expect.stringContaining('another process may have it open'),
      });
    });
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
    await gateway.startAgain();
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
    await gateway.logged('was removed or replaced');
    expect(await gateway.storedFiles()).toEqual(stored);
  });
});
