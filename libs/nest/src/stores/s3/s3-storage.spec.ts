import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { FaultProxy, freePort, SwiftServer } from '@upload-streams/testing';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { BrokenFileError, type PartialFile } from '../../contracts/partial-file.js';
import type { StorageBackend } from '../../contracts/storage-backend.js';
import { describeStorageBackend } from '../../testing/describe-storage-backend.js';
import { describeWhere } from '../../testing/describe-where.js';
import type { S3StorageOptions } from './s3-options.js';
import { S3Storage } from './s3-storage.js';
import { FlakyStore } from './testing/flaky-store.js';

const MIB = 1024 * 1024;
const FILE = { fileId: 'a1b2', fileName: 'report.bin' };

/** All of the content up to an offset, as a checkpoint. */
const at = (content: Uint8Array, offset = content.length) => ({
  offset,
  crc32: crc32(content.subarray(0, offset)),
});

type OpenStorage = (changes?: Partial<S3StorageOptions>, withSha256?: boolean) => S3Storage;

const digestOf = (content: Uint8Array) => ({
  size: content.length,
  crc32: crc32(content),
  sha256: createHash('sha256').update(content).digest('hex'),
});

/** Appends what lies between two offsets, in chunks of a size, as copies: the bytes are the file's afterwards. */
async function append(file: PartialFile, content: Uint8Array, start = 0, end = content.length, chunkBytes = MIB) {
  for (let offset = start; offset < end; offset += chunkBytes) {
    await file.append(offset, Uint8Array.from(content.subarray(offset, Math.min(end, offset + chunkBytes))));
  }
}

describeWhere(
  SwiftServer.isInstalled,
  'an object store',
  'apt-get install swift-proxy swift-account swift-container swift-object',
  () => {
    let server: SwiftServer;
    let bucket: string;

    beforeAll(async () => {
      server = await SwiftServer.start();
      process.env['AWS_ACCESS_KEY_ID'] = server.accessKeyId;
      process.env['AWS_SECRET_ACCESS_KEY'] = server.secretAccessKey;
    }, 90_000);
    afterAll(() => server.close());

    const optionsOf = (changes: Partial<S3StorageOptions> = {}): S3StorageOptions => ({
      bucket,
      endpoint: server.url,
      region: server.region,
      pathStyle: true,
      checksums: 'when_required',
      // The store's clock counts in seconds.
      orphanAgeMs: -60_000,
      ...changes,
    });

    async function makeBucket() {
      bucket = `bucket-${randomUUID()}`;
      const { endpoint, region } = optionsOf();
      const client = new S3Client({ endpoint: endpoint!, region: region!, forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      client.destroy();
    }

    /** Storages on one bucket, closed at the end. */
    async function using(test: (open: OpenStorage) => Promise<void>) {
      const opened: StorageBackend[] = [];
      try {
        await test((changes, withSha256) => {
          const storage = new S3Storage(optionsOf(changes), withSha256);
          opened.push(storage);
          return storage;
        });
      } finally {
        await Promise.all(opened.map((storage) => storage.close()));
      }
    }

    const contentOf = (storage: StorageBackend) => buffer(storage.read(FILE));

    async function finish(file: PartialFile, size: number) {
      const digest = await file.digest(size);
      await file.complete();
      await file.close();
      return digest;
    }

    describeStorageBackend('S3Storage', async () => {
      await makeBucket();
      const opened = [new S3Storage(optionsOf())];
      return {
        backend: opened[0]!,
        reopen: async () => {
          opened.push(new S3Storage(optionsOf()));
          return opened.at(-1)!;
        },
        close: async () => {
          await Promise.all(opened.map((storage) => storage.close()));
        },
      };
    });

    describe('S3Storage', () => {
      beforeEach(makeBucket);

      it('stores a file of several parts from chunks that do not fit into them, and leaves nothing beside it', () =>
        using(async (open) => {
          const storage = open();
          const content = randomBytes(20 * MIB + 12_345);
          const file = await storage.create(FILE);
          await append(file, content, 0, content.length, 3 * MIB + 1);
          expect(await finish(file, content.length)).toEqual(digestOf(content));
          expect((await contentOf(storage)).equals(content)).toBe(true);
          expect(await everythingIn(storage)).toEqual([`files/${FILE.fileId}`]);
        }));

      it('leaves out SHA-256 where nobody wants it', () =>
        using(async (open) => {
          const storage = open({}, false);
          const content = randomBytes(9 * MIB);
          const file = await storage.create(FILE);
          await append(file, content, 0);
          const digest = { ...digestOf(content), sha256: undefined };
          expect(await finish(file, content.length)).toEqual(digest);
          const whole = { fileId: 'whole', fileName: 'a' };
          expect(await storage.put(whole, Buffer.from('Hello'))).toMatchObject({ size: 5, sha256: undefined });
        }));

      it.each([3 * MIB, 8 * MIB, 9 * MIB, 17 * MIB])('goes on elsewhere after %d bytes', (durable) =>
        using(async (open) => {
          const content = randomBytes(20 * MIB);
          const first = await open().create(FILE);
          await append(first, content, 0, durable);
          await first.sync();
          // What comes after the sync, and is in parts by now, is not known to who goes on.
          await append(first, content, durable, durable + 9 * MIB <= content.length ? durable + 9 * MIB : durable);
          await first.close();

          const storage = open();
          const second = await storage.open(FILE, at(content, durable));
          expect(second.size).toBe(durable);
          await append(second, content, durable);
          expect(await finish(second, content.length)).toEqual(digestOf(content));
          expect((await contentOf(storage)).equals(content)).toBe(true);
          expect(await everythingIn(storage)).toEqual([`files/${FILE.fileId}`]);
        }),
      );

      it('goes on from the sync before the last one, which may be the one that was noted', () =>
        using(async (open) => {
          const content = randomBytes(18 * MIB);
          const first = await open().create(FILE);
          for (const [start, end] of [
            [0, 3 * MIB],
            [3 * MIB, 12 * MIB],
          ] as const) {
            await append(first, content, start, end);
            await first.sync();
          }
          await first.close();
          for (const durable of [3 * MIB, 12 * MIB]) {
            const again = await open().open(FILE, at(content, durable));
            expect(again.size).toBe(durable);
            await again.close();
          }
        }));

      it.each([
        ['its tail objects', String.raw`pieces/a1b2/\d`, 8 * MIB],
        ['all that it has beside its parts', 'pieces/', 0],
      ])('goes on from its last whole part where %s are gone, and removes nothing', (_, gone, offset) =>
        using(async (open) => {
          const storage = open();
          const content = randomBytes(10 * MIB);
          const first = await storage.create(FILE);
          await append(first, content);
          await first.sync();
          await first.close();
          await removeObjects(storage, new RegExp(gone));
          const kept = await everythingIn(storage);
          const again = await storage.open(FILE, at(content));
          expect(again).toMatchObject({ size: offset, durable: at(content, offset) });
          expect(await everythingIn(storage)).toEqual(kept);
          await append(again, content, offset);
          expect(await finish(again, content.length)).toEqual(digestOf(content));
          expect(await everythingIn(storage)).toEqual([`files/${FILE.fileId}`]);
        }),
      );

      it('goes on from where a sync began, though the part filled up before it came to an end', () =>
        using(async (open) => {
          const content = randomBytes(18 * MIB);
          const first = await open().create(FILE);
          await append(first, content, 0, 10 * MIB);
          const syncing = first.sync();
          await append(first, content, 10 * MIB);
          await syncing;
          await first.close();
          const again = await open().open(FILE, at(content, 10 * MIB));
          expect(again.size).toBe(10 * MIB);
          await append(again, content, 10 * MIB);
          expect(await finish(again, content.length)).toEqual(digestOf(content));
        }));

      it('keeps what an offset needs until a checkpoint at a later one was saved', () =>
        using(async (open) => {
          const content = randomBytes(22 * MIB);
          const first = await open().create(FILE);
          const offsets = [3 * MIB, 5 * MIB, 10 * MIB, 12 * MIB, 21 * MIB];
          for (const [index, offset] of offsets.entries()) {
            await append(first, content, offsets[index - 1] ?? 0, offset);
            await first.sync();
          }
          first.checkpointSaved(3 * MIB);
          await first.close();
          for (const offset of offsets) {
            const again = await open().open(FILE, at(content, offset));
            expect(again.size).toBe(offset);
            await again.close();
          }
        }));

      it('removes what nothing needs any more once a checkpoint at a later offset was saved', () =>
        using(async (open) => {
          const storage = open();
          const content = randomBytes(10 * MIB);
          const file = await storage.create(FILE);
          await append(file, content, 0, 3 * MIB);
          await file.sync();
          await append(file, content, 3 * MIB);
          await file.sync();
          file.checkpointSaved(10 * MIB);
          await file.close();
          const pieces = (await everythingIn(storage)).filter((key) => /^pieces\/a1b2\/\d/.test(key));
          expect(pieces).toEqual([`pieces/a1b2/${8 * MIB}-${10 * MIB}`]);
        }));

      it('is not harmed by a gateway that lost the session and does not know it yet', () =>
        using(async (open) => {
          const content = randomBytes(26 * MIB);
          const lost = await open().create(FILE);
          await append(lost, content, 0, 10 * MIB);
          await lost.sync();

          const storage = open();
          const winner = await storage.open(FILE, at(content, 10 * MIB));
          await Promise.all([append(lost, content, 10 * MIB, 22 * MIB), append(winner, content, 10 * MIB)]);
          await lost.sync();
          expect(await finish(winner, content.length)).toEqual(digestOf(content));
          await lost.close();
          expect((await contentOf(storage)).equals(content)).toBe(true);
        }));

      it('takes an upload back that was put together and not noted, and puts it together again', () =>
        using(async (open) => {
          const content = randomBytes(9 * MIB);
          const file = await open().create(FILE);
          await append(file, content);
          await file.digest(content.length);
          await file.close();
          const storage = open();
          const again = await storage.open(FILE, at(content, 0));
          expect(again.size).toBe(content.length);
          expect(await finish(again, content.length)).toEqual(digestOf(content));
          expect((await contentOf(storage)).equals(content)).toBe(true);
        }));

      it('leaves nothing of an upload of several parts that is discarded', () =>
        using(async (open) => {
          const storage = open();
          const file = await storage.create(FILE);
          await append(file, randomBytes(18 * MIB));
          await file.sync();
          await file.discard();
          expect(await everythingIn(storage)).toEqual([]);
        }));

      it('does not list what is younger than what nobody may have noted yet', () =>
        using(async (open) => {
          const fileId = 'a1b2'.repeat(8);
          const file = await open().create({ ...FILE, fileId });
          await file.append(0, Buffer.from('new'));
          await file.sync();
          await file.close();
          expect(await open().quarantine.unfinished()).toEqual([fileId]);
          expect(await open({ orphanAgeMs: 60_000 }).quarantine.unfinished()).toEqual([]);
        }));

      it('holds no more than its budget however many uploads wait for their next byte, and all get through', () =>
        using(async (open) => {
          const storage = open({ memoryBytes: 16 * MIB });
          const { memory } = sharedOf(storage);
          const contents = Array.from({ length: 40 }, () => randomBytes(1.5 * MIB));
          const files = await Promise.all(contents.map((_, index) => storage.create({ ...FILE, fileId: `f${index}` })));
          let most = 0;
          await Promise.all(
            files.map(async (file, index) => {
              for (let start = 0; start < 1.5 * MIB; start += MIB / 2) {
                await append(file, contents[index]!, start, start + MIB / 2);
                most = Math.max(most, memory.usedBytes);
              }
            }),
          );
          expect(most).toBeLessThanOrEqual(16 * MIB);
          const digests = await Promise.all(files.map((file) => file.digest(1.5 * MIB)));
          expect(digests).toEqual(contents.map(digestOf));
          await Promise.all(files.map((file) => file.close()));
          expect(memory.usedBytes).toBe(0);
        }));

      it('slows down with a slow store, and holds no more for it', () =>
        using(async (open) => {
          const proxy = await FaultProxy.open({ port: server.port });
          proxy.shape({ upstream: { bytesPerSecond: 20 * MIB } });
          try {
            const storage = open({ endpoint: proxy.url, memoryBytes: 16 * MIB });
            const content = randomBytes(48 * MIB);
            const file = await storage.create(FILE);
            const started = performance.now();
            let most = 0;
            for (let offset = 0; offset < content.length; offset += MIB) {
              await append(file, content, offset, offset + MIB);
              most = Math.max(most, sharedOf(storage).memory.usedBytes);
            }
            // All but what is in memory went through by now.
            expect(performance.now() - started).toBeGreaterThan(1000);
            expect(most).toBeLessThanOrEqual(16 * MIB);
            expect(await finish(file, content.length)).toEqual(digestOf(content));
          } finally {
            await proxy.close();
          }
        }));

      it('sends a part again where the connection is cut in the middle of it', () =>
        using(async (open) => {
          const proxy = await FaultProxy.open({ port: server.port });
          let cuts = 0;
          const stop = proxy.forEach((connection) =>
            connection.after('upstream', 5 * MIB, () => {
              if (++cuts <= 3) connection.cut();
            }),
          );
          try {
            const storage = open({ endpoint: proxy.url });
            const content = randomBytes(24 * MIB);
            const file = await storage.create(FILE);
            await append(file, content);
            expect(await finish(file, content.length)).toEqual(digestOf(content));
            expect(cuts).toBeGreaterThanOrEqual(3);
          } finally {
            stop?.();
            await proxy.close();
          }
        }));

      it('asks again where the store fails now and then', () =>
        using(async (open) => {
          const flaky = await FlakyStore.open(server.port);
          try {
            const storage = open({ endpoint: flaky.url });
            const content = randomBytes(20 * MIB);
            const file = await storage.create(FILE);
            await append(file, content);
            await file.sync();
            expect(await finish(file, content.length)).toEqual(digestOf(content));
            expect((await contentOf(storage)).equals(content)).toBe(true);
            expect(await everythingIn(storage)).toEqual([`files/${FILE.fileId}`]);
            expect(flaky.failures).toBeGreaterThan(5);
          } finally {
            await flaky.close();
          }
        }));

      it('is broken where the store stays away, and goes on from the last sync when it is back', () =>
        using(async (open) => {
          const proxy = await FaultProxy.open({ port: server.port });
          const content = randomBytes(24 * MIB);
          const file = await open({ endpoint: proxy.url, giveUpAfterMs: 300 }).create(FILE);
          await append(file, content, 0, 10 * MIB);
          await file.sync();
          await proxy.close();
          await append(file, content, 10 * MIB, 17 * MIB);
          await expect(file.sync()).rejects.toThrow(BrokenFileError);
          await expect(file.append(17 * MIB, new Uint8Array(1))).rejects.toThrow(BrokenFileError);
          await expect(file.digest(17 * MIB)).rejects.toThrow(BrokenFileError);
          await file.close();
          const again = await open().open(FILE, at(content, 10 * MIB));
          expect(again.size).toBe(10 * MIB);
          await append(again, content, 10 * MIB);
          expect(await finish(again, content.length)).toEqual(digestOf(content));
        }));

      it('gives a URL at which anyone can download a file, where people are to download from the store', () =>
        using(async (open) => {
          const storage = open({ presignDownloads: true });
          await storage.put(FILE, Buffer.from('Hello'));
          const download = { disposition: 'attachment; filename="a.txt"', type: 'text/plain' };
          const response = await fetch(await storage.presignedUrl!(FILE, download));
          expect(await response.text()).toBe('Hello');
          expect(response.headers.get('content-disposition')).toBe(download.disposition);
          expect(open().presignedUrl).toBeUndefined();
        }));

      it('waits at its start for a store that starts beside it', () =>
        using(async (open) => {
          const port = await freePort();
          const prepared = open({ endpoint: `http://127.0.0.1:${port}` }).prepare();
          const proxy = await FaultProxy.open({ port: server.port }, port);
          await prepared;
          await proxy.close();
        }));

      it('makes the bucket where it is to, also for two that start at once', () =>
        using(async (open) => {
          const changes = { bucket: `made-${randomUUID()}`, createBucket: true };
          const [first, second] = [open(changes), open(changes)];
          await Promise.all([first.prepare(), second.prepare()]);
          await first.put(FILE, Buffer.from('Hello'));
          expect(String(await contentOf(second))).toBe('Hello');
        }));

      it.each([
        [{ bucket: 'no-such-bucket' }, /^The bucket no-such-bucket at http:.* can't be used: there is no such bucket$/],
        [
          { endpoint: 'http://127.0.0.1:1', startTimeoutMs: 200 },
          /^The bucket bucket-.* at http:\/\/127.0.0.1:1 can't be used: .*ECONNREFUSED/,
        ],
      ])('says in one sentence why it can not start: %j', (changes, sentence) =>
        using(async (open) => {
          await expect(open(changes).prepare()).rejects.toThrow(sentence);
        }),
      );
    });

    const sharedOf = (storage: S3Storage) => storage['shared'];

    /** Keys of all objects and of all uploads in parts. */
    async function everythingIn(storage: S3Storage): Promise<string[]> {
      const { store } = sharedOf(storage);
      const keys: string[] = [];
      for await (const { key } of store.list.objects('')) keys.push(key);
      for await (const { key } of store.list.uploads('')) keys.push(`${key} in parts`);
      return keys.sort();
    }

    async function removeObjects(storage: S3Storage, which: RegExp): Promise<void> {
      const { store } = sharedOf(storage);
      for await (const { key } of store.list.objects('pieces/')) if (which.test(key)) await store.remove(key);
    }
  },
);
