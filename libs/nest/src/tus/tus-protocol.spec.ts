import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { PLATFORMS } from '../http/testing/http-host.js';
import { sha256, TusHost } from './testing/tus-host.js';

const KIB = 1024;
const content = new Uint8Array(randomBytes(300 * KIB));
const named = (name: string) => ({ 'Upload-Metadata': `filename ${Buffer.from(name).toString('base64')}` });

describe.each(PLATFORMS)('tus 1.0 with %s', (_, newAdapter) => {
  let tus: TusHost;

  beforeAll(async () => {
    tus = await TusHost.start(newAdapter(), {
      options: { maxFileBytes: 1024 * KIB },
    });
  });
  afterAll(() => tus.close());

  it('lists exactly what it supports, without a credential or a version', async () => {
    const response = await tus.fetch('/api/tus', 'OPTIONS', { Authorization: '', 'Tus-Resumable': '' });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'tus-version': '1.0.0',
      'tus-extension': 'creation,creation-with-upload,creation-defer-length,termination,checksum,expiration',
      'tus-checksum-algorithm': 'crc32,md5,sha1,sha256',
      'tus-max-size': String(1024 * KIB),
    });
  });

  it('refuses other versions, and names its own', async () => {
    const path = await tus.create(10);
    for (const version of ['', '0.2.2', '2.0.0']) {
      for (const method of ['POST', 'PATCH', 'HEAD', 'DELETE']) {
        const target = method === 'POST' ? '/api/tus' : path;
        const response = await tus.fetch(target, method, { 'Tus-Resumable': version, 'Upload-Length': '1' });
        expect([method, response.status, response.headers.get('tus-version')]).toEqual([method, 412, '1.0.0']);
      }
    }
    expect(await tus.offsetOf(path)).toBe(0);
  });

  it.each([
    ['no length', {}],
    ['a length and a deferred one', { 'Upload-Length': '1', 'Upload-Defer-Length': '1' }],
    ['a deferred length of 2', { 'Upload-Defer-Length': '2' }],
    ['a negative length', { 'Upload-Length': '-1' }],
    ['a length that is no number', { 'Upload-Length': '1e3' }],
    ['metadata that is not base64', { 'Upload-Length': '1', 'Upload-Metadata': 'filename ä' }],
    ['a key twice', { 'Upload-Length': '1', 'Upload-Metadata': 'a YQ==,a YQ==' }],
    ['metadata without a key', { 'Upload-Length': '1', 'Upload-Metadata': 'a YQ==,' }],
    [
      'too many keys',
      { 'Upload-Length': '1', 'Upload-Metadata': Array.from({ length: 40 }, (_k, n) => `k${n}`).join() },
    ],
    ['concatenation', { 'Upload-Length': '1', 'Upload-Concat': 'partial' }],
    ['a name of 300 characters', { 'Upload-Length': '1', ...named('x'.repeat(300)) }],
  ])('refuses to create an upload with %s', async (_what, headers: Record<string, string>) => {
    expect((await tus.fetch('/api/tus', 'POST', headers)).status).toBe(400);
  });

  it.each([1024 * KIB + 1, '99999999999999999999999'])('refuses a file of %s bytes', async (length) => {
    expect((await tus.fetch('/api/tus', 'POST', { 'Upload-Length': `${length}` })).status).toBe(413);
    const deferred = await tus.create(undefined);
    expect((await tus.patch(deferred, 0, content, { 'Upload-Length': `${length}` })).status).toBe(413);
  });

  it('refuses a body of another type', async () => {
    const path = await tus.create(content.length);
    const response = await tus.patch(path, 0, content, { 'Content-Type': 'application/x-other' });
    expect(response.status).toBe(415);
    expect(await tus.offsetOf(path)).toBe(0);
  });

  it.each(['-1', '', 'x', '1.5'])('refuses the offset "%s"', async (offset) => {
    expect((await tus.patch(await tus.create(10), offset, content.slice(0, 10))).status).toBe(400);
  });

  it('refuses an offset that is not that of the upload, and names the right one', async () => {
    const path = await tus.create(content.length);
    expect((await tus.patch(path, 0, content.slice(0, 1000))).status).toBe(204);
    for (const offset of [0, 999, 1001]) {
      const response = await tus.patch(path, offset, content.slice(offset));
      expect([response.status, response.headers.get('upload-offset')]).toEqual([409, '1000']);
    }
    expect((await tus.patch(path, 1000, content.slice(1000))).headers.get('upload-offset')).toBe(`${content.length}`);
    expect(sha256(await tus.bytesAt(path))).toBe(sha256(content));
  });

  it('refuses a body that goes beyond the length, and keeps what was there', async () => {
    const path = await tus.create(1000);
    expect((await tus.patch(path, 0, content.slice(0, 500))).status).toBe(204);
    expect((await tus.patch(path, 500, content.slice(500, 1001))).status).toBe(413);
    const { sent, answer } = tus.slowPatch(path, 500);
    sent.end(content.slice(500, 1001));
    expect((await answer).statusCode).toBe(413);
    expect((await tus.patch(path, await tus.offsetOf(path), content.slice(500, 1000))).status).toBe(204);
    expect(sha256(await tus.bytesAt(path))).toBe(sha256(content.slice(0, 1000)));
  });

  it('describes an upload, unfinished and complete', async () => {
    const path = await tus.create(content.length, named('a/b.txt'));
    await tus.patch(path, 0, content.slice(0, 1000));
    const unfinished = await tus.fetch(path, 'HEAD');
    expect(unfinished.status).toBe(200);
    expect(Object.fromEntries(unfinished.headers)).toMatchObject({
      'upload-offset': '1000',
      'upload-length': `${content.length}`,
      'cache-control': 'no-store',
      'tus-resumable': '1.0.0',
      'upload-metadata': expect.stringContaining(named('b.txt')['Upload-Metadata']),
    });
    expect(Date.parse(unfinished.headers.get('upload-expires')!)).toBeGreaterThan(Date.now());
    await tus.patch(path, 1000, content.slice(1000));
    const complete = await tus.fetch(path, 'HEAD');
    expect(complete.headers.get('upload-offset')).toBe(`${content.length}`);
    expect(complete.headers.get('upload-length')).toBe(`${content.length}`);
    expect(complete.headers.get('upload-expires')).toBeNull();
  });

  it('answers a request again whose answer was lost', async () => {
    const path = await tus.create(content.length);
    await tus.patch(path, 0, content);
    const again = await tus.patch(path, content.length, new Uint8Array(0));
    expect([again.status, again.headers.get('upload-offset')]).toEqual([204, `${content.length}`]);
    expect((await tus.patch(path, 0, content)).status).toBe(409);
    expect((await tus.patch(path, content.length, content)).status).toBe(413);
  });

  it('learns a deferred length once', async () => {
    const path = await tus.create(undefined);
    await tus.patch(path, 0, content.slice(0, 1000));
    const before = await tus.fetch(path, 'HEAD');
    expect([before.headers.get('upload-length'), before.headers.get('upload-defer-length')]).toEqual([null, '1']);
    const told = { 'Upload-Length': `${content.length}` };
    await tus.patch(path, 1000, content.slice(1000, 2000), told);
    expect((await tus.fetch(path, 'HEAD')).headers.get('upload-length')).toBe(`${content.length}`);
    expect((await tus.patch(path, 2000, content.slice(2000), { 'Upload-Length': '3000' })).status).toBe(400);
    expect((await tus.patch(path, 2000, content.slice(2000))).status).toBe(204);
    expect(sha256(await tus.bytesAt(path))).toBe(sha256(content));
  });

  it.each(['x', 'x'.repeat(32), 'x'.repeat(5000), '%00', '__proto__'])('knows no upload "%s"', async (id) => {
    for (const method of ['HEAD', 'GET', 'DELETE', 'POST']) {
      const { status } = await tus.fetch(`/api/tus/${id}`, method);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    }
    const { status } = await tus.patch(`/api/tus/${id}`, 0, content);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });

  it('asks clients to come again while the gateway stops', async () => {
    const path = await tus.create(content.length);
    await tus.sessions.drain();
    const answers = [await tus.fetch('/api/tus', 'POST', { 'Upload-Length': '1' }), await tus.patch(path, 0, content)];
    for (const { status, headers } of answers) expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  });
});
