import { afterEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient, type UploadState } from '@upload-streams/client/node';
import type { Ack, BegunUpload, ChunkWritten } from '@upload-streams/protocol';
import { type GatewayProcess, sha256 } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { filter, firstValueFrom, lastValueFrom, share } from 'rxjs';
import { startGateway } from './support/gateway.js';
import { untilFolder } from './support/until-folder.js';
import { newSessionID, WireClient } from './support/wire-client.js';

const MIB = 1024 * 1024;
const TOKEN = 'owner-of-these-tests-0123456789';
const POWER_CUT = { NODE_OPTIONS: `--import=${fileURLToPath(new URL('./support/power-cut.mjs', import.meta.url))}` };

describe('durability', () => {
  let gateway: GatewayProcess | undefined;
  const clients: { close(): void }[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await gateway?.close();
    gateway = undefined;
  });

  const start = async (env: Record<string, string> = {}) => (gateway = await startGateway(env));
  /** Loses everything that was not synced, like a power cut. Needs support/power-cut.mjs as a preload. */
  const restartAfterPowerCut = () => gateway!.restart('SIGUSR2');
  const connect = async () => {
    const client = await WireClient.connect(gateway!.url, TOKEN);
    clients.push(client);
    return client;
  };
  const positions = (ack: Ack<ChunkWritten | BegunUpload>) => (ack.ok ? [ack.offset, ack.durable] : [ack.error.code]);

  /** Resolves once the gateway has removed the bytes of all unfinished uploads. */
  const noPartialFiles = () =>
    untilFolder(join(gateway!.dataDir, 'partial'), async () => (await gateway!.partialFiles()).length === 0);

  /** The client engine, closed at the end of the test. */
  function uploader() {
    const client = createNodeUploadClient({ url: gateway!.url, token: TOKEN });
    clients.push(client);
    return client;
  }

  /** The owner's files, as the API lists them. */
  async function listed(): Promise<{ files: object[] }> {
    const answer = await fetch(`${gateway!.url}/api/files`, { headers: { Authorization: `Bearer ${TOKEN}` } });
    return (await answer.json()) as { files: object[] };
  }

  it.each([
    ['chunk', 1000, 'each ack says that its chunk is durable'],
    ['checkpoint', 0, 'acks run ahead of what is durable'],
    ['complete', 0, 'nothing is durable before the end'],
  ])('DURABILITY=%s acknowledges a first chunk with %d bytes durable: %s', async (DURABILITY, durable) => {
    await start({ DURABILITY });
    const client = await connect();
    const sessionID = newSessionID();
    await client.begin(sessionID, { size: 2000 });
    expect(positions(await client.chunk(sessionID, 0, randomBytes(1000)))).toEqual([1000, durable]);
  });

  it.each(['checkpoint', 'complete'])(
    'makes durable what a client asks to flush, with DURABILITY=%s',
    async (DURABILITY) => {
      await start({ DURABILITY });
      const client = await connect();
      const sessionID = newSessionID();
      await client.begin(sessionID, { size: 2000 });
      await client.chunk(sessionID, 0, randomBytes(1000));
      expect(positions(await client.chunk(sessionID, 1000, new Uint8Array(0)))).toEqual([1000, 1000]);
    },
  );

  it('holds after a crash of the process all that it acknowledged', async () => {
    await start({ DURABILITY: 'complete' });
    const content = randomBytes(3 * MIB);
    const sessionID = newSessionID();
    const client = await connect();
    await client.begin(sessionID, { size: 9 * MIB });
    for (let at = 0; at < content.length; at += MIB) await client.chunk(sessionID, at, content.subarray(at, at + MIB));
    await gateway!.restart('SIGKILL');
    const begun = await (await connect()).begin(sessionID, { size: 9 * MIB });
    expect(begun).toMatchObject({ offset: 3 * MIB, prefixCrc32: crc32(content) });
  });

  it('holds after a power cut all that it called durable, and goes on from there', async () => {
    await start({ ...POWER_CUT, DURABILITY: 'chunk' });
    const content = randomBytes(3 * MIB);
    const sessionID = newSessionID();
    const client = await connect();
    await client.begin(sessionID, { size: 9 * MIB });
    for (let at = 0; at < content.length; at += MIB) await client.chunk(sessionID, at, content.subarray(at, at + MIB));
    await restartAfterPowerCut();
    const begun = await (await connect()).begin(sessionID, { size: 9 * MIB });
    expect(begun).toMatchObject({ offset: 3 * MIB, durable: 3 * MIB, prefixCrc32: crc32(content) });
  });

  it('loses in a power cut what was never synced, and knows it: the offset is what the disk holds', async () => {
    await start({ ...POWER_CUT, DURABILITY: 'complete' });
    const sessionID = newSessionID();
    const client = await connect();
    await client.begin(sessionID, { size: 9 * MIB });
    await client.chunk(sessionID, 0, randomBytes(MIB));
    await restartAfterPowerCut();
    const begun = await (await connect()).begin(sessionID, { size: 9 * MIB });
    expect(begun).toMatchObject({ ok: true, offset: 0, durable: 0, prefixCrc32: 0 });
  });

  it('goes back after a power cut to the last checkpoint, without a wrong byte, and the client ends with its file', async () => {
    await start({ ...POWER_CUT, DURABILITY: 'checkpoint' });
    const content = randomBytes(160 * MIB);
    const client = uploader();
    const states$ = client.upload(content, { fileName: 'kept.bin' }).pipe(share());
    const cut = firstValueFrom(states$.pipe(filter(({ uploaded }) => uploaded > 130 * MIB))).then(() =>
      restartAfterPowerCut(),
    );
    const [last] = await Promise.all([lastValueFrom(states$), cut]);
    expect(last).toMatchObject({ status: 'completed' } satisfies Partial<UploadState>);
    const fileId = last.status === 'completed' && last.file.fileId;
    expect((await gateway!.storedFiles())[`${fileId}/kept.bin`]).toBe(sha256(content));
  });

  it('keeps after a power cut a file of which it has told', async () => {
    await start({ ...POWER_CUT, DURABILITY: 'complete' });
    const client = uploader();
    const content = randomBytes(5 * MIB);
    const { fileId } = await client.uploadToEnd(content, { fileName: 'kept.bin' });
    await restartAfterPowerCut();
    expect((await gateway!.storedFiles())[`${fileId}/kept.bin`]).toBe(sha256(content));
    expect(await listed()).toMatchObject({ files: [{ fileId, sha256: sha256(content) }] });
  });

  it.each([
    ['', 2 * MIB, 'true'],
    [', also where it was read back already', 33 * MIB, 'true'],
    [', also without SHA-256', 33 * MIB, 'false'],
  ])('catches a bit that was flipped on the disk before the end%s', async (_, size, SHA256) => {
    await start({ SHA256 });
    const client = await connect();
    const sessionID = newSessionID();
    const content = randomBytes(size);
    await client.begin(sessionID, { size });
    for (let at = 0; at < size - MIB; at += MIB) await client.chunk(sessionID, at, content.subarray(at, at + MIB));
    const [partial] = await gateway!.partialFiles();
    const file = await open(join(gateway!.dataDir, 'partial', partial!), 'r+');
    await file.write(Buffer.from([content[777]! ^ 1]), 0, 1, 777);
    await file.close();
    const told = client.failure(sessionID);
    const last = { last: true, fileCrc32: crc32(content) };
    await client.chunk(sessionID, size - MIB, content.subarray(size - MIB), last);
    expect(await told).toMatchObject({ code: 'FILE_CHECKSUM_MISMATCH', recovery: 'restart' });
    expect(await gateway!.storedFiles()).toEqual({});
    expect(await gateway!.partialFiles()).toEqual([]);
  });

  it.each([1000, 1_000_000])(
    'tells no SHA-256 of a file of %d bytes, and keeps none, where it is to be left out',
    async (size) => {
      await start({ SHA256: 'false' });
      const client = uploader();
      const content = randomBytes(size);
      const file = await client.uploadToEnd(content, { fileName: 'a.bin' });
      expect(file).toMatchObject({ size, crc32: crc32(content) });
      expect(file).not.toHaveProperty('sha256');
      expect((await gateway!.storedFiles())[`${file.fileId}/a.bin`]).toBe(sha256(content));
      expect((await listed()).files[0]).not.toHaveProperty('sha256');
    },
  );

  it('removes what nobody continues after SESSION_TTL', async () => {
    await start({ SESSION_TTL: '1s' });
    const client = await connect();
    await client.begin(newSessionID(), { size: 2000 });
    client.close();
    await noPartialFiles();
  });

  it('knows a completed upload by its session ID also after its session expired', async () => {
    await start({ SESSION_TTL: '1s' });
    const client = await connect();
    const sessionID = newSessionID();
    const whole = { size: 1, chunk: Buffer.from('x'), crc32: crc32('x'), last: true, fileCrc32: crc32('x') };
    const first = await client.begin(sessionID, whole);
    const abandoned = newSessionID();
    await (await connect()).begin(abandoned, { size: 2000 });
    clients.at(-1)!.close();
    await noPartialFiles();
    expect(await client.begin(sessionID, whole)).toMatchObject({ ok: true, completed: first.ok && first.completed });
  });

  it('sets aside at the start unfinished bytes that no session has, and touches nothing else', async () => {
    await start();
    const client = await connect();
    const begun = newSessionID();
    await client.begin(begun, { size: 2000 });
    await client.chunk(begun, 0, randomBytes(1000));
    const whole = { size: 1, chunk: Buffer.from('x'), crc32: crc32('x'), last: true, fileCrc32: crc32('x') };
    await client.begin(newSessionID(), whole);
    const leftover = 'f'.repeat(32);
    const [partial, files, quarantine] = ['partial', 'files', 'quarantine'].map((name) =>
      join(gateway!.dataDir, name),
    ) as [string, string, string];
    await writeFile(join(partial, 'of-another-program'), 'not ours');
    await mkdir(join(files, 'e'.repeat(32)));
    await writeFile(join(files, 'e'.repeat(32), 'a.txt'), 'complete, and in no catalogue');
    const before = [await gateway!.partialFiles(), await gateway!.storedFiles()];
    await writeFile(join(partial, leftover), 'left by a crash');
    await gateway!.restart('SIGKILL');
    await untilFolder(quarantine, async () => (await readdir(quarantine)).length > 0);
    const [aside] = await readdir(quarantine);
    expect(aside).toMatch(new RegExp(`^${leftover}\\.\\d+$`));
    expect(await readFile(join(quarantine, aside!), 'utf8')).toBe('left by a crash');
    expect([await gateway!.partialFiles(), await gateway!.storedFiles()]).toEqual(before);
    await gateway!.logged(`Put the unfinished upload ${leftover} into quarantine`);
  });

  it('removes what was set aside once its time is over', async () => {
    await start({ QUARANTINE_TTL: '0s', SESSION_TTL: '1s' });
    const { dataDir } = gateway!;
    await writeFile(join(dataDir, 'partial', 'f'.repeat(32)), 'left by a crash');
    await gateway!.restart('SIGKILL');
    const left = async () => [
      ...(await readdir(join(dataDir, 'partial'))),
      ...(await readdir(join(dataDir, 'quarantine'))),
    ];
    await untilFolder(join(dataDir, 'quarantine'), async () => (await left()).length === 0);
    await gateway!.logged('Removed the unfinished upload');
  });
});
