import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { deferred } from '../concurrency/deferred.js';
import { PLATFORMS } from '../http/testing/http-host.js';
import { sha256, TusHost } from './testing/tus-host.js';

const MIB = 1024 * 1024;
const content = randomBytes(10 * MIB + 17);

describe.each(PLATFORMS)('tus-js-client with %s', (_, newAdapter) => {
  let tus: TusHost;

  beforeAll(async () => {
    tus = await TusHost.start(newAdapter());
  });
  afterAll(() => tus.close());

  const expectStored = async (path: string, expected: Buffer) => {
    const [file] = await tus.files();
    expect(file).toMatchObject({ size: expected.length, sha256: sha256(expected) });
    expect(sha256(await tus.bytesAt(path))).toBe(sha256(expected));
    return file!;
  };

  it('uploads a file with one PATCH, under its name, its type and its metadata', async () => {
    const metadata = { filename: 'C:\\pictures\\Übersicht.png', filetype: 'image/png', album: 'ü' };
    const path = await tus.send(content, { metadata });
    const file = await expectStored(path, content);
    expect(file).toMatchObject({ fileName: 'Übersicht.png', type: 'image/png', metadata: { album: 'ü' } });
  });

  it('uploads a file in chunks', async () => {
    await expectStored(await tus.send(content, { chunkSize: 3 * MIB }), content);
  });

  it.each([
    ['with the request that creates the upload', { uploadDataDuringCreation: true }],
    ['with that request and further chunks', { uploadDataDuringCreation: true, chunkSize: 4 * MIB }],
    ['with POST instead of PATCH', { overridePatchMethod: true, chunkSize: 4 * MIB }],
  ])('uploads a file %s', async (_how, options) => {
    await expectStored(await tus.send(content, options), content);
  });

  it('uploads a stream whose length is known only at its end', async () => {
    const pieces = Array.from({ length: 10 }, (_piece, index) => content.subarray(index * MIB, (index + 1) * MIB));
    const stream = Readable.from([...pieces, content.subarray(10 * MIB)], { objectMode: false });
    const options = { uploadLengthDeferred: true, chunkSize: 4 * MIB };
    await expectStored(await tus.send(stream as unknown as Buffer, options), content);
  });

  it('stores an empty file when it is created', async () => {
    await expectStored(await tus.send(Buffer.alloc(0), { metadata: { name: 'empty.txt' } }), Buffer.alloc(0));
    expect((await tus.files())[0]).toMatchObject({ fileName: 'empty.txt' });
  });

  it('continues an upload that was aborted', async () => {
    const offsets: number[] = [];
    const aborted = deferred<string>();
    const first = tus.upload(content, {
      chunkSize: MIB,
      onChunkComplete: (_size, accepted) => {
        if (accepted < 3 * MIB || offsets.length > 0) return;
        offsets.push(accepted);
        void first.upload.abort().then(() => aborted.resolve(first.upload.url!));
      },
    });
    first.upload.start();
    const uploadUrl = await aborted.promise;
    const sent: number[] = [];
    const path = await tus.send(content, { uploadUrl, onProgress: (bytes) => void sent.push(bytes) });
    expect(sent[0]).toBeGreaterThanOrEqual(3 * MIB);
    await expectStored(path, content);
  });

  it('terminates an upload', async () => {
    const terminated = deferred<string>();
    const { upload } = tus.upload(content, {
      chunkSize: MIB,
      onChunkComplete: () => void upload.abort(true).then(() => terminated.resolve(upload.url!), terminated.reject),
    });
    const { length } = await tus.files();
    upload.start();
    const path = new URL(await terminated.promise).pathname;
    expect((await tus.fetch(path, 'HEAD')).status).toBe(404);
    expect(await tus.files()).toHaveLength(length);
  });
});
