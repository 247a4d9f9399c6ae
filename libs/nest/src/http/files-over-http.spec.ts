import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NodeUploadClient } from '@upload-streams/client/node';
import type { CompletedUpload } from '@upload-streams/protocol';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UploadModule } from '../index.js';
import { UploadHttpModule } from './index.js';
import { ALICE, BOB, HttpHost, PLATFORMS } from './testing/http-host.js';

const content = randomBytes(100_000);

interface List {
  readonly files: readonly (CompletedUpload & { metadata: object; createdAt: string })[];
  readonly nextCursor?: string;
}

describe.each(PLATFORMS)('files over HTTP with %s', (_, newAdapter) => {
  let dataDir: string;
  let host: HttpHost;
  let alice: NodeUploadClient;
  let file: CompletedUpload;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'files-over-http-'));
    const allowedOrigins = ['https://app.example.com'];
    host = await HttpHost.start(newAdapter(), {
      imports: [UploadModule.forRoot({ dataDir, allowedOrigins }), UploadHttpModule.forRoot()],
    });
    alice = host.client(ALICE);
    file = await alice.uploadToEnd(content, {
      fileName: 'Übersicht "1".html',
      type: 'text/html',
      metadata: { album: 'x' },
    });
  });
  afterAll(async () => {
    await host.close();
    await rm(dataDir, { recursive: true });
  });

  const small = (text: string, fileName = 'small.txt') =>
    alice.uploadToEnd(Buffer.from(text), { fileName, type: 'text/plain' });
  const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer());
  const list = async (query = '') => (await (await host.fetch(`/api/files${query}`)).json()) as List;

  it('lists the files of their owner, the newest first, by pages', async () => {
    const newer = await small('newer', 'newer.txt');
    const first = await list('?limit=1');
    expect(first.files).toEqual([expect.objectContaining({ ...newer, size: 5 })]);
    const second = await list(`?limit=1&cursor=${first.nextCursor}`);
    expect(second.files).toEqual([expect.objectContaining({ fileId: file.fileId, metadata: { album: 'x' } })]);
    expect(second.nextCursor).toBeUndefined();
    expect(Date.parse(second.files[0]!.createdAt)).toBeGreaterThan(Date.now() - 60_000);
  });

  it.each([
    '?limit=0',
    '?limit=-5',
    '?limit=x',
    '?limit=1e9',
    '?limit=1&limit=2',
    '?cursor=a&cursor=b',
    '?sessionID=a',
  ])('lists whatever the query %s is', async (query) => {
    expect((await list(query)).files.length).toBeGreaterThan(0);
  });

  it('has no list for a client without a credential, and refuses a credential that is none', async () => {
    const anonymous = await fetch(`${host.url}/api/files`);
    expect(await anonymous.json()).toEqual({ files: [] });
    const forged = await host.fetch('/api/files', { Authorization: 'Bearer x' });
    expect(forged.status).toBe(401);
    expect(await forged.json()).toMatchObject({ error: { code: 'UNAUTHORIZED', recovery: expect.any(String) } });
  });

  it('makes a link for the owner that leads to the file without a credential, and lets nobody delete it', async () => {
    const asked = await host.fetch(`${file.url}/link`, {}, 'POST');
    expect(asked.status).toBe(201);
    const { url, expiresAt } = (await asked.json()) as { url: string; expiresAt: string };
    expect(Date.parse(expiresAt)).toBeGreaterThan(Date.now() + 3_600_000);
    expect((await bodyOf(await fetch(`${host.url}${url}`))).equals(content)).toBe(true);
    expect((await fetch(`${host.url}${url}`, { headers: { Range: 'bytes=0-9' } })).status).toBe(206);
    const other = await small('other');
    const moved = url.replace(file.fileId, other.fileId);
    for (const wrong of [
      moved,
      url.replace(/expiresAt=\d/, 'expiresAt=9'),
      `${url}x`,
      `${file.url}?expiresAt=1&signature=`,
    ]) {
      expect((await fetch(`${host.url}${wrong}`)).status).toBe(404);
    }
    expect((await fetch(`${host.url}${url}`, { method: 'DELETE' })).status).toBe(404);
    expect((await fetch(`${host.url}${file.url}/link`, { method: 'POST' })).status).toBe(404);
  });

  it('sends a file as an attachment that can not run as a page', async () => {
    const response = await host.fetch(file.url);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html',
      'content-length': '100000',
      'content-disposition': expect.stringMatching(/^attachment; .*filename\*=UTF-8''%C3%9Cbersicht%20%221%22\.html/),
      'content-security-policy': expect.stringContaining('sandbox'),
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-cache',
      'accept-ranges': 'bytes',
      etag: `"${file.fileId}"`,
    });
    expect((await bodyOf(response)).equals(content)).toBe(true);
  });

  it('sends a file of no bytes', async () => {
    const { url } = await alice.uploadToEnd(Buffer.alloc(0), { fileName: 'empty' });
    const response = await host.fetch(url);
    expect([response.status, response.headers.get('content-length')]).toEqual([200, '0']);
    expect(await bodyOf(response)).toHaveLength(0);
  });

  it('answers HEAD with the headers of GET, and without bytes', async () => {
    const head = await host.fetch(file.url, {}, 'HEAD');
    const get = await host.fetch(file.url);
    const ofConnection = ['date', 'connection', 'keep-alive'];
    const headersOf = ({ headers }: Response) =>
      Object.fromEntries([...headers].filter(([name]) => !ofConnection.includes(name)));
    expect(head.status).toBe(200);
    expect(headersOf(head)).toEqual(headersOf(get));
    expect(await bodyOf(head)).toHaveLength(0);
    await get.body?.cancel();
  });

  it.each([
    ['bytes=0-99', 0, 100],
    ['bytes=99000-', 99_000, 100_000],
    ['bytes=-500', 99_500, 100_000],
    ['bytes=-200000', 0, 100_000],
    ['bytes=99990-200000', 99_990, 100_000],
  ])('sends the range %s', async (range, start, end) => {
    const response = await host.fetch(file.url, { Range: range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/100000`);
    expect((await bodyOf(response)).equals(content.subarray(start, end))).toBe(true);
  });

  it.each(['bytes=0-1,5-6', 'bytes=x', 'lines=1-2'])('sends the whole file for %s', async (range) => {
    const response = await host.fetch(file.url, { Range: range });
    expect(response.status).toBe(200);
    expect((await bodyOf(response)).equals(content)).toBe(true);
  });

  it('refuses a range outside of the file', async () => {
    const response = await host.fetch(file.url, { Range: 'bytes=100000-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */100000');
    expect(await response.json()).toMatchObject({
      error: { code: 'RANGE_NOT_SATISFIABLE', details: { size: 100_000 } },
    });
  });

  it('sends a range only of the version that is asked for', async () => {
    const range = { Range: 'bytes=0-9' };
    expect((await host.fetch(file.url, { ...range, 'If-Range': '"another"' })).status).toBe(200);
    expect((await host.fetch(file.url, { ...range, 'If-Range': `"${file.fileId}"` })).status).toBe(206);
  });

  it.each(['GET', 'HEAD'])('sends nothing again to a %s that has it', async (method) => {
    // The second header, because fetch sends "no-cache" with conditional headers of its own.
    const headers = { 'If-None-Match': `"${file.fileId}"`, 'Cache-Control': 'max-age=0' };
    const response = await host.fetch(file.url, headers, method);
    expect(response.status).toBe(304);
    expect(response.headers.get('etag')).toBe(`"${file.fileId}"`);
    expect(await bodyOf(response)).toHaveLength(0);
  });

  it('deletes a file: from the list, from the disk, once', async () => {
    const { fileId, url } = await small('bytes');
    const deleted = await host.fetch(url, {}, 'DELETE');
    expect([deleted.status, await deleted.text()]).toEqual([204, '']);
    for (const method of ['GET', 'HEAD', 'DELETE']) expect((await host.fetch(url, {}, method)).status).toBe(404);
    expect((await list()).files.map((one) => one.fileId)).not.toContain(fileId);
    expect(await readdir(join(dataDir, 'files'))).not.toContain(fileId);
  });

  it.each(['GET', 'HEAD', 'DELETE'])('hides a file from another owner who sends %s', async (method) => {
    const response = await host.fetch(file.url, { Authorization: `Bearer ${BOB}` }, method);
    expect(response.status).toBe(404);
    if (method !== 'HEAD') expect(await response.json()).toMatchObject({ error: { code: 'FILE_NOT_FOUND' } });
    expect((await host.fetch(file.url)).status).toBe(200);
  });

  it.each(['/api/files/nothing', '/api/files/%00', '/api/files/..%2f..%2fetc%2fpasswd'])(
    'does not find %s',
    async (path) => {
      expect((await host.fetch(path)).status).toBe(404);
    },
  );

  it('gives a file without an owner to whoever knows its session, as its link does', async () => {
    const { url, fileId } = await host.client().uploadToEnd(Buffer.from('for all'), { fileName: 'a.txt' });
    const bytes = await fetch(host.url + url);
    expect(await bytes.text()).toBe('for all');
    expect((await fetch(`${host.url}/api/files/${fileId}`)).status).toBe(404);
    expect((await fetch(host.url + url, { method: 'DELETE' })).status).toBe(204);
  });

  it('answers with an error, and without headers of a file, where the bytes are missing', async () => {
    const { fileId, url } = await small('bytes');
    await rm(join(dataDir, 'files', fileId, 'small.txt'));
    const response = await host.fetch(url);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect([response.headers.get('content-disposition'), response.headers.get('content-length')]).toEqual([
      null,
      expect.not.stringMatching(/^5$/),
    ]);
    expect(await response.json()).toMatchObject({ error: { code: 'FILE_NOT_FOUND' } });
  });

  it.each([
    ['a page of another origin', { Origin: 'https://evil.example' }, 403],
    ['a page without an origin', { Origin: 'null' }, 403],
    ['another site, by its metadata', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['its own page', () => ({ Origin: host.url }), 204],
    ['a page of an allowed origin', { Origin: 'https://app.example.com' }, 204],
    ['a program', {}, 204],
  ])('lets %s delete by cookie as it should', async (_who, headers, status) => {
    const { url } = await small('x');
    const given: Record<string, string> = typeof headers === 'function' ? headers() : headers;
    const response = await fetch(host.url + url, {
      method: 'DELETE',
      headers: { Cookie: `upload_identity=${ALICE}`, ...given },
    });
    expect(response.status).toBe(status);
    if (status === 403) expect(await response.json()).toMatchObject({ error: { code: 'ORIGIN_NOT_ALLOWED' } });
    expect((await host.fetch(url)).status).toBe(status === 403 ? 200 : 404);
  });

  it('answers what it does not serve as Nest does', async () => {
    const response = await host.fetch('/api/nothing');
    expect(await response.json()).toMatchObject({ statusCode: 404, error: 'Not Found' });
    expect((await host.fetch('/api/files', {}, 'DELETE')).status).toBe(404);
  });
});
