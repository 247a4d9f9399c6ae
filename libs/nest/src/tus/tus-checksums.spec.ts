import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { crc32 } from '@node-rs/crc32';
import { createHash, randomBytes } from 'node:crypto';
import { PLATFORMS } from '../http/testing/http-host.js';
import { OFFSET_STREAM, sha256, TusHost } from './testing/tus-host.js';

const KIB = 1024;
const content = new Uint8Array(randomBytes(300 * KIB));

const sumOf = (algorithm: string, bytes: Uint8Array) => createHash(algorithm).update(bytes).digest('base64');

describe.each(PLATFORMS)('checksums of tus with %s', (_, newAdapter) => {
  let tus: TusHost;

  beforeAll(async () => {
    tus = await TusHost.start(newAdapter(), { options: { maxWindowBytes: 512 * KIB, windowBudgetBytes: 1024 * KIB } });
  });
  afterAll(() => tus.close());

  const crcOf = (bytes: Uint8Array) => {
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32(bytes));
    return sum.toString('base64');
  };
  it.each([
    ['crc32', crcOf],
    ['md5', (bytes: Uint8Array) => sumOf('md5', bytes)],
    ['sha1', (bytes: Uint8Array) => sumOf('sha1', bytes)],
    ['sha256', (bytes: Uint8Array) => sumOf('sha256', bytes)],
  ])('verifies %s, and keeps nothing of a body that does not match', async (algorithm, sum) => {
    const path = await tus.create(content.length);
    const wrong = await tus.patch(path, 0, content, { 'Upload-Checksum': `${algorithm} ${sum(content.slice(1))}` });
    expect(wrong.status).toBe(460);
    expect(await tus.offsetOf(path)).toBe(0);
    const right = await tus.patch(path, 0, content, { 'Upload-Checksum': `${algorithm} ${sum(content)}` });
    expect(right.status).toBe(204);
    expect(sha256(await tus.bytesAt(path))).toBe(sha256(content));
  });

  it.each(['crc64 AAAA', 'sha1', 'sha1 ###', '__proto__ AAAA'])('refuses the checksum "%s"', async (checksum) => {
    const path = await tus.create(content.length);
    expect((await tus.patch(path, 0, content, { 'Upload-Checksum': checksum })).status).toBe(400);
  });

  it('leaves nothing of an upload that is created with bytes that do not match', async () => {
    const headers = { ...OFFSET_STREAM, 'Upload-Length': `${content.length}`, 'Upload-Checksum': 'sha1 AAAA' };
    const response = await tus.fetch('/api/tus', 'POST', headers, content);
    expect(response.status).toBe(460);
    expect(tus.sessions.liveCount).toBe(0);
  });

  it('refuses a body with a checksum that is too large to be held, before it is read', async () => {
    const large = new Uint8Array(513 * KIB);
    const path = await tus.create(large.length);
    expect((await tus.patch(path, 0, large, { 'Upload-Checksum': `sha1 ${sumOf('sha1', large)}` })).status).toBe(413);
    expect((await tus.patch(path, 0, large)).status).toBe(204);
  });

  it('keeps nothing of a body with a checksum that breaks off', async () => {
    const path = await tus.create(content.length);
    const checksum = { 'Upload-Checksum': `sha1 ${sumOf('sha1', content)}` };
    const { sent } = tus.slowPatch(path, 0, content.length, checksum);
    await new Promise((resolve) => sent.write(content.slice(0, 200 * KIB), resolve));
    while (tus.sessions.liveCount === 0) await new Promise(setImmediate);
    sent.destroy();
    while (tus.sessions.liveCount > 0) await new Promise(setImmediate);
    expect(await tus.offsetOf(path)).toBe(0);
  });
});
