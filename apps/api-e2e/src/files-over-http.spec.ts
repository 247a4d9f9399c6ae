import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient, type NodeUploadClient } from '@upload-streams/client/node';
import type { CompletedUpload } from '@upload-streams/protocol';
import type { GatewayProcess } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startGateway } from './support/gateway.js';
import { HttpClient } from './support/http-client.js';

const TOKEN = 'owner-of-these-tests-0123456789';
const content = randomBytes(100_000);

describe('files over HTTP', () => {
  let gateway: GatewayProcess;
  let uploads: NodeUploadClient;
  let owner: HttpClient;
  let file: CompletedUpload;

  beforeAll(async () => {
    gateway = await startGateway({ CORS_ORIGINS: 'https://app.example.com' });
    uploads = createNodeUploadClient({ url: gateway.url, token: TOKEN });
    owner = new HttpClient(gateway.url, TOKEN);
    file = await uploads.uploadToEnd(content, {
      fileName: 'Übersicht "1".html',
      type: 'text/html',
      metadata: { album: 'x' },
    });
  });
  afterAll(async () => {
    uploads.close();
    await gateway.close();
  });

  const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

  it('lists the files of their owner, the newest first, by pages', async () => {
    const newer = await uploads.uploadToEnd(Buffer.from('newer'), { fileName: 'newer.txt' });
    const first = await owner.list('?limit=1');
    expect(first.files).toEqual([expect.objectContaining({ fileId: newer.fileId, fileName: 'newer.txt', size: 5 })]);
    const second = await owner.list(`?limit=1&cursor=${first.nextCursor}`);
    expect(second.files).toEqual([expect.objectContaining({ fileId: file.fileId, metadata: { album: 'x' } })]);
    expect(second.nextCursor).toBeUndefined();
    expect(Date.parse(second.files[0]!.createdAt)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('downloads a file as an attachment that can not run as a page', async () => {
    const response = await owner.get(file.url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(response.headers.get('content-disposition')).toMatch(
      /^attachment; .*filename\*=UTF-8''%C3%9Cbersicht%20%221%22\.html/,
    );
    expect(response.headers.get('content-security-policy')).toContain('sandbox');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await bodyOf(response)).equals(content)).toBe(true);
  });

  it.each([
    ['bytes=0-99', 0, 100],
    ['bytes=99000-', 99_000, 100_000],
    ['bytes=-500', 99_500, 100_000],
    ['bytes=-200000', 0, 100_000],
    ['bytes=99990-200000', 99_990, 100_000],
  ])('sends the range %s', async (range, start, end) => {
    const response = await owner.get(file.url, { Range: range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/100000`);
    expect((await bodyOf(response)).equals(content.subarray(start, end))).toBe(true);
  });

  it('refuses a range outside of the file', async () => {
    const response = await owner.get(file.url, { Range: 'bytes=100000-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */100000');
    expect(await response.json()).toMatchObject({
      error: { code: 'RANGE_NOT_SATISFIABLE', details: { size: 100_000 } },
    });
  });

  it('sends nothing again that has not changed', async () => {
    const etag = (await owner.get(file.url)).headers.get('etag')!;
    const response = await owner.get(file.url, { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' });
    expect(response.status).toBe(304);
  });

  it('sends the whole file where a range is asked for of another version', async () => {
    const response = await owner.get(file.url, { Range: 'bytes=0-9', 'If-Range': '"another"' });
    expect(response.status).toBe(200);
  });

  it('deletes a file: from the list, from the disk, once', async () => {
    const { fileId, url } = await uploads.uploadToEnd(Buffer.from('bytes'), { fileName: 'gone.txt' });
    expect((await owner.delete(url)).status).toBe(204);
    expect((await owner.get(url)).status).toBe(404);
    expect((await owner.delete(url)).status).toBe(404);
    expect(Object.keys(await gateway.storedFiles()).filter((path) => path.startsWith(fileId))).toEqual([]);
  });

  it.each([
    ['are missing', 404, 'FILE_NOT_FOUND', (path: string) => rm(path)],
    // A folder can be opened like a file but not read, not even by root.
    ['can not be read', 503, 'STORAGE_FAILED', (path: string) => rm(path).then(() => mkdir(path))],
  ])('answers with an error where the bytes of a file %s', async (what, status, code, damage) => {
    const { fileId, url } = await uploads.uploadToEnd(Buffer.from('bytes'), { fileName: 'damaged.txt' });
    await damage(join(gateway.dataDir, 'files', fileId, 'damaged.txt'));
    for (const range of [undefined, 'bytes=1-2']) {
      const response = await owner.get(url, range ? { Range: range } : {});
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(response.headers.get('content-disposition')).toBeNull();
      expect(await response.json()).toMatchObject({ error: { code } });
    }
    await gateway.logged(`The bytes of the file ${fileId} ${what}`);
  });

  it('lists no more than 1 MiB at once, and goes on behind its cursor', async () => {
    const many = new HttpClient(gateway.url, 'owner-of-large-metadata-0123456789');
    const client = createNodeUploadClient({ url: gateway.url, token: 'owner-of-large-metadata-0123456789' });
    const metadata = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`key${index}`, 'x'.repeat(1024)]));
    try {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          client.uploadToEnd(Buffer.from('x'), { fileName: `${index}.txt`, metadata }),
        ),
      );
    } finally {
      client.close();
    }
    const seen = new Set<string>();
    let query = '?limit=200';
    for (let pages = 0; query !== ''; pages++) {
      const response = await many.get(`/api/files${query}`);
      const text = await response.text();
      expect(text.length).toBeLessThanOrEqual(1024 * 1024);
      const { files, nextCursor } = JSON.parse(text) as { files: { fileId: string }[]; nextCursor?: string };
      files.forEach(({ fileId }) => seen.add(fileId));
      query = nextCursor === undefined ? '' : `?limit=200&cursor=${nextCursor}`;
      expect(pages).toBeLessThan(10);
    }
    expect(seen.size).toBe(100);
  });

  it.each([
    ['a page of another origin', { Origin: 'https://evil.example' }, 403],
    ['a page without an origin', { Origin: 'null' }, 403],
    ['another site, by its metadata', { 'Sec-Fetch-Site': 'cross-site' }, 403],
    ['its own page', () => ({ Origin: gateway.url }), 204],
    ['a page of an allowed origin', { Origin: 'https://app.example.com' }, 204],
    ['a program', {}, 204],
  ])('lets %s delete by cookie as it should', async (_, headers, status) => {
    const { url } = await uploads.uploadToEnd(Buffer.from('x'), { fileName: 'x.txt' });
    const given: Record<string, string> = typeof headers === 'function' ? headers() : headers;
    const response = await fetch(gateway.url + url, {
      method: 'DELETE',
      headers: { Cookie: `upload_identity=${TOKEN}`, ...given },
    });
    expect(response.status).toBe(status);
    if (status === 403) expect(await response.json()).toMatchObject({ error: { code: 'ORIGIN_NOT_ALLOWED' } });
    expect((await owner.get(url)).status).toBe(status === 403 ? 200 : 404);
  });

  it('lets any page delete that sends a bearer token', async () => {
    const { url } = await uploads.uploadToEnd(Buffer.from('x'), { fileName: 'x.txt' });
    const response = await fetch(gateway.url + url, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${TOKEN}`, Cookie: 'theme=dark', Origin: 'https://other.example' },
    });
    expect(response.status).toBe(204);
  });

  it('lets pages of allowed origins read the API, and no others', async () => {
    const allowed = await owner.get('/api/files', { Origin: 'https://app.example.com' });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    const other = await owner.get('/api/files', { Origin: 'https://evil.example' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('says that it is alive and ready', async () => {
    expect(await (await owner.get('/health/live')).json()).toEqual({ status: 'ok' });
    expect(await (await owner.get('/health/ready')).json()).toMatchObject({
      status: 'ok',
      info: { storage: { status: 'up' } },
    });
  });

  it('keeps two files of one name apart', async () => {
    const [one, two] = await Promise.all(
      ['one', 'two'].map((text) => uploads.uploadToEnd(Buffer.from(text), { fileName: 'same.txt' })),
    );
    expect(await (await owner.get(one!.url)).text()).toBe('one');
    expect(await (await owner.get(two!.url)).text()).toBe('two');
  });
});
