import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UploadError } from '@upload-streams/protocol';
import { randomBytes } from 'node:crypto';
import { BOB, PLATFORMS } from '../http/testing/http-host.js';
import { UPLOAD_POLICY } from '../index.js';
import { sha256, TusHost } from './testing/tus-host.js';

const KIB = 1024;
const content = new Uint8Array(randomBytes(300 * KIB));

const policy = {
  admit: ({ fileName }: { fileName: string }) => {
    if (fileName === 'refused.txt') throw new UploadError('UPLOAD_REFUSED', { reason: 'by its name' });
  },
  inspect: ({ fileName }: { fileName: string }) => {
    if (fileName === 'infected.txt') throw new UploadError('UPLOAD_REFUSED', { reason: 'by its content' });
  },
};

const named = (name: string) => ({ 'Upload-Metadata': `filename ${Buffer.from(name).toString('base64')}` });

describe.each(PLATFORMS)('uploads over tus with %s', (_, newAdapter) => {
  let tus: TusHost;

  beforeAll(async () => {
    tus = await TusHost.start(newAdapter(), {
      extras: { providers: [{ provide: UPLOAD_POLICY, useValue: policy }] },
    });
  });
  afterAll(() => tus.close());

  it('keeps what arrived of a body that breaks off', async () => {
    const path = await tus.create(content.length);
    const { sent } = tus.slowPatch(path, 0, content.length);
    await new Promise((resolve) => sent.write(content.slice(0, 200 * KIB), resolve));
    sent.destroy();
    let offset = 0;
    while (offset === 0) offset = await tus.offsetOf(path);
    expect(offset).toBeLessThanOrEqual(200 * KIB);
    expect((await tus.patch(path, offset, content.slice(offset))).status).toBe(204);
    expect(sha256(await tus.bytesAt(path))).toBe(sha256(content));
  });

  it('lets a second PATCH take over, and ends the first one', async () => {
    const path = await tus.create(content.length);
    const first = tus.slowPatch(path, 0, content.length);
    await new Promise((resolve) => first.sent.write(content.slice(0, 1000), resolve));
    await untilLive();
    const second = await tus.patch(path, 0, content);
    expect(second.status).toBe(204);
    expect((await first.answer).statusCode).toBe(409);
    first.sent.destroy();
    expect(sha256(await tus.bytesAt(path))).toBe(sha256(content));
  });

  it('takes nothing over with HEAD', async () => {
    const path = await tus.create(content.length);
    const first = tus.slowPatch(path, 0, content.length);
    await new Promise((resolve) => first.sent.write(content.slice(0, 1000), resolve));
    await untilLive();
    expect((await tus.fetch(path, 'HEAD')).status).toBe(200);
    first.sent.end(content.slice(1000));
    expect((await first.answer).statusCode).toBe(204);
    expect(sha256(await tus.bytesAt(path))).toBe(sha256(content));
  });

  it('ends a PATCH whose upload is terminated', async () => {
    const path = await tus.create(content.length);
    const { sent, answer } = tus.slowPatch(path, 0, content.length);
    await new Promise((resolve) => sent.write(content.slice(0, 1000), resolve));
    await untilLive();
    expect((await tus.fetch(path, 'DELETE')).status).toBe(204);
    expect((await answer).statusCode).toBe(410);
    sent.destroy();
    for (const method of ['HEAD', 'GET', 'DELETE']) expect((await tus.fetch(path, method)).status).toBe(404);
    expect((await tus.patch(path, 0, content)).status).toBe(404);
  });

  /** Waits until a request holds its session. */
  const untilLive = async () => {
    while (tus.sessions.liveCount === 0) await new Promise(setImmediate);
  };

  it('removes the file of a complete upload', async () => {
    const path = await tus.create(content.length);
    expect((await tus.fetch(path, 'GET')).status).toBe(404);
    await tus.patch(path, 0, content);
    const [file] = await tus.files();
    expect((await tus.fetch(path, 'DELETE')).status).toBe(204);
    for (const method of ['HEAD', 'GET', 'DELETE']) expect((await tus.fetch(path, method)).status).toBe(404);
    expect(await tus.files()).not.toContainEqual(expect.objectContaining({ fileId: file!.fileId }));
  });

  it('serves each upload for its owner only', async () => {
    const bob = { Authorization: `Bearer ${BOB}` };
    const [unfinished, complete] = [await tus.create(content.length), await tus.create(content.length)];
    await tus.patch(complete, 0, content);
    for (const path of [unfinished, complete]) {
      for (const method of ['HEAD', 'GET', 'DELETE']) expect((await tus.fetch(path, method, bob)).status).toBe(403);
      expect((await tus.patch(path, 0, content, bob)).status).toBe(403);
    }
    expect(await tus.offsetOf(unfinished)).toBe(0);
    expect(sha256(await tus.bytesAt(complete))).toBe(sha256(content));
  });

  it('answers what the policy refuses, before the first byte and after the last one', async () => {
    const refused = { 'Upload-Length': '10', ...named('refused.txt') };
    expect((await tus.fetch('/api/tus', 'POST', refused)).status).toBe(403);
    const path = await tus.create(content.length, named('infected.txt'));
    const response = await tus.patch(path, 0, content);
    expect([response.status, await response.json()]).toMatchObject([403, { error: { code: 'UPLOAD_REFUSED' } }]);
    expect((await tus.fetch(path, 'HEAD')).status).toBe(404);
  });

  it('completes a file whose last request broke off after its last byte', async () => {
    const path = await tus.create(content.length);
    const { sent } = tus.slowPatch(path, 0);
    await new Promise((resolve) => sent.write(content, resolve));
    await untilLive();
    sent.destroy();
    while (tus.sessions.liveCount > 0) await new Promise(setImmediate);
    const { length } = await tus.files();
    expect(await tus.offsetOf(path)).toBe(content.length);
    expect(await tus.files()).toHaveLength(length + 1);
    expect(sha256(await tus.bytesAt(path))).toBe(sha256(content));
  });

  it('leaves nothing of an upload that breaks off in the request that creates it', async () => {
    const before = await tus.partialFiles();
    const length = `${content.length}`;
    const { sent } = tus.slowRequest('POST', '/api/tus', { 'Upload-Length': length, 'Content-Length': length });
    await new Promise((resolve) => sent.write(content.slice(0, 1000), resolve));
    await untilLive();
    sent.destroy();
    while (tus.sessions.liveCount > 0) await new Promise(setImmediate);
    let after = await tus.partialFiles();
    while (after.length > before.length) after = await tus.partialFiles();
    expect(after).toEqual(before);
  });

  it('lets clients without an identity upload: who knows the URL has the upload', async () => {
    const nobody = { Authorization: '' };
    const path = await tus.create(content.length, nobody);
    expect((await tus.patch(path, 0, content.slice(0, 1000), nobody)).status).toBe(204);
    expect((await tus.patch(path, 1000, content.slice(1000))).status).toBe(403);
    expect((await tus.patch(path, 1000, content.slice(1000), nobody)).status).toBe(204);
    const file = await tus.fetch(path, 'GET', nobody);
    expect(sha256(new Uint8Array(await file.arrayBuffer()))).toBe(sha256(content));
    expect((await tus.fetch(path, 'DELETE', nobody)).status).toBe(204);
  });

  it('refuses changes with a cookie from pages of other origins', async () => {
    const foreign = { Authorization: '', Cookie: 'upload-streams=x', Origin: 'https://evil.example.com' };
    const path = await tus.create(content.length);
    expect((await tus.fetch('/api/tus', 'POST', { 'Upload-Length': '1', ...foreign })).status).toBe(403);
    expect((await tus.patch(path, 0, content, foreign)).status).toBe(403);
    expect((await tus.fetch(path, 'DELETE', foreign)).status).toBe(403);
  });
});
