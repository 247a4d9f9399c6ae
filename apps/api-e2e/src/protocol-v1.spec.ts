import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type GatewayProcess, sha256 } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { startGateway } from './support/gateway.js';
import { newSessionID, WireClient } from './support/wire-client.js';

const TOKEN = 'owner-of-these-tests-0123456789';

describe.each(['true', 'false'])('protocol version 1, with FAST_PATHS=%s', (FAST_PATHS) => {
  let gateway: GatewayProcess;
  let client: WireClient;
  let sessionID: string;

  beforeAll(async () => {
    gateway = await startGateway({ FAST_PATHS });
  });
  afterAll(() => gateway.close());
  beforeEach(async () => {
    client = await WireClient.connect(gateway.url, TOKEN);
    sessionID = newSessionID();
  });
  afterEach(() => client.close());

  const content = randomBytes(200_000);
  const last = { last: true, fileCrc32: crc32(content) };

  it('answers begin_upload with where to go on, the window and the limits', async () => {
    const begun = await client.begin(sessionID, { size: content.length });
    expect(begun).toEqual({
      ok: true,
      offset: 0,
      durable: 0,
      window: 4 * 1024 * 1024,
      maxChunkSize: 4 * 1024 * 1024,
      prefixCrc32: 0,
      expiresAt: expect.any(Number),
    });
  });

  it('acknowledges each chunk with the new offset, and tells of success when the file is in its place', async () => {
    await client.begin(sessionID, { size: content.length, type: 'image/png' });
    const success = client.success(sessionID);
    expect(await client.chunk(sessionID, 0, content.subarray(0, 150_000))).toMatchObject({ ok: true, offset: 150_000 });
    expect(await client.chunk(sessionID, 150_000, content.subarray(150_000), last)).toMatchObject({
      ok: true,
      offset: 200_000,
    });
    const file = await success;
    expect(file).toEqual({
      fileId: expect.stringMatching(/^[0-9a-f]{32}$/),
      fileName: 'file.bin',
      size: 200_000,
      type: 'image/png',
      crc32: crc32(content),
      sha256: sha256(content),
      url: `/api/files/${file.fileId}`,
    });
    expect((await gateway.storedFiles())[`${file.fileId}/file.bin`]).toBe(sha256(content));
  });

  it('takes many chunks in flight at once, in order', async () => {
    await client.begin(sessionID, { size: content.length });
    const success = client.success(sessionID);
    const acks = await Promise.all(
      Array.from({ length: 20 }, (_, number) => {
        const bytes = content.subarray(number * 10_000, (number + 1) * 10_000);
        return client.chunk(sessionID, number * 10_000, bytes, number === 19 ? last : {});
      }),
    );
    expect(acks.map((ack) => ack.ok && ack.offset)).toEqual(Array.from({ length: 20 }, (_, n) => (n + 1) * 10_000));
    expect((await success).crc32).toBe(crc32(content));
  });

  describe('chunks sent behind begin_upload without waiting for its answer', () => {
    it('are taken in order', async () => {
      const success = client.success(sessionID);
      const begun = client.begin(sessionID, { size: content.length });
      const first = client.chunk(sessionID, 0, content.subarray(0, 100_000));
      const second = client.chunk(sessionID, 100_000, content.subarray(100_000), last);
      expect(await begun).toMatchObject({ ok: true, offset: 0 });
      expect(await first).toMatchObject({ ok: true, offset: 100_000 });
      expect(await second).toMatchObject({ ok: true, offset: 200_000 });
      expect((await success).sha256).toBe(sha256(content));
    });

    it('are taken beyond a window that is smaller, of which their sender could not know', async () => {
      const narrow = await startGateway({ WINDOW_BUDGET: '1MiB' });
      const sender = await WireClient.connect(narrow.url, TOKEN);
      try {
        for (let others = 0; others < 8; others++) await sender.begin(newSessionID(), { size: 1 });
        const begun = sender.begin(sessionID, { size: content.length });
        const first = sender.chunk(sessionID, 0, content.subarray(0, 60_000));
        const beyond = sender.chunk(sessionID, 60_000, content.subarray(60_000), last);
        expect(await begun).toMatchObject({ ok: true, window: 64 * 1024 });
        expect(await first).toMatchObject({ ok: true, offset: 60_000 });
        expect(await beyond).toMatchObject({ ok: true, offset: content.length });
      } finally {
        sender.close();
        await narrow.close();
      }
    });
  });

  it('takes a small file in begin_upload: one round trip in all', async () => {
    const small = content.subarray(0, 1000);
    const fields = { size: 1000, chunk: small, crc32: crc32(small), last: true, fileCrc32: crc32(small) };
    const begun = await client.begin(sessionID, fields);
    expect(begun).toMatchObject({ ok: true, offset: 1000, completed: { size: 1000, crc32: crc32(small) } });
  });

  it.each([
    ['CON', '_'],
    ['nul.txt', '_'],
    ['a:b?.txt', 'a_b_.txt'],
    ['e\u0301te\u0301.txt', 'été.txt'],
  ])('keeps the name %j for people, and stores the file as %j', async (fileName, stored) => {
    const fields = { fileName, size: 1, chunk: Buffer.from('x'), crc32: crc32('x'), last: true, fileCrc32: crc32('x') };
    const begun = await client.begin(sessionID, fields);
    const file = begun.ok ? begun.completed : undefined;
    expect(file?.fileName).toBe(fileName.normalize('NFC'));
    expect(Object.keys(await gateway.storedFiles())).toContain(`${file?.fileId}/${stored}`);
  });

  it('takes an empty file', async () => {
    const fields = { size: 0, chunk: new Uint8Array(0), crc32: 0, last: true, fileCrc32: 0 };
    expect(await client.begin(sessionID, fields)).toMatchObject({ ok: true, completed: { size: 0, crc32: 0 } });
  });

  it('takes a live stream whose size is not known, ended by an empty last chunk', async () => {
    await client.begin(sessionID);
    const success = client.success(sessionID);
    await client.chunk(sessionID, 0, content);
    await client.chunk(sessionID, content.length, new Uint8Array(0), last);
    expect(await success).toMatchObject({ size: content.length });
  });

  it('acknowledges a chunk that it has again, and does not write it again', async () => {
    await client.begin(sessionID, { size: content.length });
    await client.chunk(sessionID, 0, content.subarray(0, 1000));
    const again = await client.chunk(sessionID, 0, content.subarray(0, 1000));
    expect(again).toMatchObject({ ok: true, offset: 1000 });
  });

  it('flushes on an empty chunk: its ack says that all before is durable', async () => {
    await client.begin(sessionID, { size: content.length });
    expect(await client.chunk(sessionID, 0, content.subarray(0, 1000))).toMatchObject({ offset: 1000, durable: 0 });
    const flushed = await client.chunk(sessionID, 1000, new Uint8Array(0));
    expect(flushed).toMatchObject({ ok: true, offset: 1000, durable: 1000 });
  });

  it('resumes on another connection at its offset, with the CRC-32 of what it has', async () => {
    await client.begin(sessionID, { size: content.length });
    await client.chunk(sessionID, 0, content.subarray(0, 1000));
    client.close();
    client = await WireClient.connect(gateway.url, TOKEN);
    const begun = await client.begin(sessionID, { size: content.length });
    expect(begun).toMatchObject({ ok: true, offset: 1000, prefixCrc32: crc32(content.subarray(0, 1000)) });
  });

  it('answers begin_upload of a completed session with the file', async () => {
    const fields = { size: 4, chunk: Buffer.from('data'), crc32: crc32('data'), last: true, fileCrc32: crc32('data') };
    const first = await client.begin(sessionID, fields);
    const second = await client.begin(sessionID, { size: 4 });
    expect(second).toMatchObject({ ok: true, offset: 4, completed: first.ok && first.completed });
  });

  it('gives a session to who begins it last, and tells who had it', async () => {
    await client.begin(sessionID, { size: content.length });
    await client.chunk(sessionID, 0, content.subarray(0, 1000));
    const told = client.failure(sessionID);
    const other = await WireClient.connect(gateway.url, TOKEN);
    expect(await other.begin(sessionID, { size: content.length })).toMatchObject({ ok: true, offset: 1000 });
    expect(await told).toMatchObject({ code: 'SESSION_TAKEN_OVER' });
    const late = await client.chunk(sessionID, 1000, content.subarray(1000, 2000));
    expect(late).toMatchObject({ ok: false, error: { code: 'SESSION_TAKEN_OVER' } });
    other.close();
  });

  it('tells the connection that uploads when another one cancels', async () => {
    await client.begin(sessionID, { size: content.length });
    const told = client.failure(sessionID);
    const other = await WireClient.connect(gateway.url, TOKEN);
    expect(await other.cancel(sessionID)).toEqual({ ok: true });
    expect(await told).toMatchObject({ code: 'UPLOAD_CANCELLED', recovery: 'fatal' });
    other.close();
  });

  it('cancels: the session and its bytes are gone', async () => {
    await client.begin(sessionID, { size: content.length });
    await client.chunk(sessionID, 0, content.subarray(0, 1000));
    const before = await gateway.partialFiles();
    expect(await client.cancel(sessionID)).toEqual({ ok: true });
    expect(await gateway.partialFiles()).toHaveLength(before.length - 1);
    expect(await client.cancel(sessionID)).toMatchObject({ ok: false, error: { code: 'SESSION_NOT_FOUND' } });
    expect(await client.begin(sessionID, { size: content.length })).toMatchObject({ ok: true, offset: 0 });
  });
});
