import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { SwiftServer } from '@upload-streams/testing';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { describeWhere } from '../../testing/describe-where.js';
import type { S3StorageOptions } from './s3-options.js';
import { S3Storage } from './s3-storage.js';

const MIB = 1024 * 1024;
const FILE = { fileId: 'a1b2', fileName: 'report.bin' };

/** In front of a store: refuses some of the requests with 400, as a store does that lacks something. */
async function refusing(target: string, refuses: (asked: IncomingMessage) => boolean): Promise<Server> {
  const { hostname: host, port } = new URL(target);
  const server = createServer((asked, answer) => {
    if (refuses(asked)) {
      asked.resume();
      answer.writeHead(400).end();
      return;
    }
    const { method, url: path, headers } = asked;
    const passed = request({ host, port, method, path, headers }, (given) => {
      answer.writeHead(given.statusCode!, given.headers);
      given.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Swift refuses trailers with 411, and takes CRC-32 in a header. */
describeWhere(
  SwiftServer.isInstalled,
  'CRC-32 in an object store without trailers',
  'apt-get install swift-proxy swift-account swift-container swift-object',
  () => {
    let swift: SwiftServer;
    let bucket: string;
    let closers: (() => unknown)[];

    beforeAll(async () => {
      swift = await SwiftServer.start();
      process.env['AWS_ACCESS_KEY_ID'] = swift.accessKeyId;
      process.env['AWS_SECRET_ACCESS_KEY'] = swift.secretAccessKey;
    }, 90_000);
    afterAll(() => swift.close());

    beforeEach(async () => {
      closers = [];
      bucket = `bucket-${randomUUID()}`;
      const client = new S3Client({ endpoint: swift.url, region: swift.region, forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      client.destroy();
    });
    afterEach(async () => {
      for (const close of closers) await close();
    });

    function open(changes: Partial<S3StorageOptions> = {}): S3Storage {
      const options = { bucket, endpoint: swift.url, region: swift.region, pathStyle: true, ...changes };
      const storage = new S3Storage(options);
      closers.unshift(() => storage.close());
      return storage;
    }

    async function openBehind(refuses: (asked: IncomingMessage) => boolean): Promise<S3Storage> {
      const server = await refusing(swift.url, refuses);
      closers.push(() => server.close());
      return open({ endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    }

    it.each([3 * MIB, 9 * MIB])('goes on after %d bytes, where nothing of the rest is hashed yet', async (durable) => {
      const content = randomBytes(20 * MIB);
      const first = await open().create(FILE);
      await first.append(0, Uint8Array.from(content.subarray(0, durable)));
      await first.sync();
      await first.close();
      const second = open();
      const file = await second.open(FILE, { offset: durable, crc32: crc32(content.subarray(0, durable)) });
      expect(file.size).toBe(durable);
      await file.append(durable, Uint8Array.from(content.subarray(durable)));
      expect(await file.digest(content.length)).toMatchObject({ size: content.length, crc32: crc32(content) });
      await file.complete();
      await file.close();
      expect((await buffer(second.read(FILE))).equals(content)).toBe(true);
    });

    it('leaves nothing behind of what it tries at the start', async () => {
      const storage = open();
      await storage.prepare();
      const client = storage['shared'].store.list;
      const found: string[] = [];
      for await (const { key } of client.objects('')) found.push(key);
      for await (const { key } of client.uploads('')) found.push(key);
      expect(found).toEqual([]);
    });

    it('does not start on a store that refuses CRC-32, and names the setting that helps', async () => {
      const storage = await openBehind(({ headers }) => 'x-amz-checksum-crc32' in headers);
      await expect(storage.prepare()).rejects.toThrow('set S3_CHECKSUMS=when_required');
    });

    it('does not start where the bucket may not be written, and does not blame the checksums', async () => {
      const storage = await openBehind(({ method }) => method === 'PUT');
      const prepared = storage.prepare();
      await expect(prepared).rejects.toThrow(`The bucket ${bucket}`);
      await expect(prepared).rejects.not.toThrow('S3_CHECKSUMS');
    });
  },
);
