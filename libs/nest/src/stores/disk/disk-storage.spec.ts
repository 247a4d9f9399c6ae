import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { describeStorageBackend } from '../../testing/describe-storage-backend.js';
import type { FreeMemory } from '../../performance/free-memory.js';
import { DiskStorage } from './disk-storage.js';

async function createDisk(withSha256?: boolean, free?: FreeMemory) {
  const folder = await mkdtemp(join(tmpdir(), 'disk-storage-'));
  const opened = [new DiskStorage(folder, withSha256, free)];
  return {
    folder,
    backend: opened[0]!,
    reopen: async () => opened[opened.push(new DiskStorage(folder)) - 1]!,
    close: async () => {
      await Promise.all(opened.map((disk) => disk.close()));
      await rm(folder, { recursive: true });
    },
  };
}

describeStorageBackend('DiskStorage', () => createDisk());

const A1 = { fileId: 'a1', fileName: 'a.txt' };
const DURABLE = { offset: 7, crc32: crc32('durable') };

describe('DiskStorage', () => {
  it('stores the same if the memory of chunks is left to the garbage collector', async () => {
    const { backend, close } = await createDisk(true, () => undefined);
    await backend.prepare();
    const partial = await backend.create(A1);
    const bytes = Buffer.alloc(100_000, 7);
    await partial.append(0, bytes);
    expect(bytes).toHaveLength(100_000);
    expect(await partial.digest(100_000)).toMatchObject({ crc32: crc32(bytes) });
    await partial.complete();
    await partial.close();
    expect((await buffer(backend.read(A1))).equals(bytes)).toBe(true);
    await close();
  });

  it('relies on nothing beyond the durable offset that was written before the machine started', async () => {
    const { folder, backend, reopen, close } = await createDisk();
    await backend.prepare();
    const partial = await backend.create(A1);
    await partial.append(0, Buffer.from('durable, lost'));
    await partial.close();
    const again = await (await reopen()).open(A1, DURABLE);
    expect(again.size).toBe(13);
    await again.close();
    await utimes(join(folder, 'partial/a1'), 1, 1);
    const afterPowerCut = await (await reopen()).open(A1, DURABLE);
    expect(afterPowerCut.size).toBe(7);
    expect(String(await buffer(afterPowerCut.read(0)))).toBe('durable');
    await afterPowerCut.close();
    await close();
  });

  it('leaves out SHA-256 where nobody wants it, of files that come whole or in chunks, small or large', async () => {
    const { backend, close } = await createDisk(false);
    await backend.prepare();
    const digests = [await backend.put({ fileId: 'whole', fileName: 'a' }, Buffer.alloc(1000, 'a'))];
    for (const size of [1000, 9_000_000]) {
      const partial = await backend.create({ fileId: `of-${size}`, fileName: 'a' });
      await partial.append(0, Buffer.alloc(size, 'a'));
      digests.push(await partial.digest(size));
      await partial.close();
    }
    const of = (size: number) => ({ size, crc32: crc32(Buffer.alloc(size, 'a')), sha256: undefined });
    expect(digests).toEqual([of(1000), of(1000), of(9_000_000)]);
    await close();
  });

  it('has few files in memory where many end together', async () => {
    const { backend, close } = await createDisk();
    await backend.prepare();
    const bytes = Buffer.alloc(256 * 1024, 'a');
    const files = [];
    for (let n = 0; n < 200; n++) {
      const file = await backend.create({ fileId: `file-${n}`, fileName: 'a' });
      await file.append(0, Buffer.from(bytes));
      files.push(file);
    }
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers - before)), 1);
    const digests = await Promise.all(files.map((file) => file.digest(bytes.length)));
    clearInterval(watch);
    expect(new Set(digests.map((digest) => digest.crc32))).toEqual(new Set([crc32(bytes)]));
    expect(most).toBeLessThan(20 * bytes.length);
    await Promise.all(files.map((file) => file.close()));
    await close();
  });

  it('fails one file that comes whole, and none of those that are stored in the same round', async () => {
    const { backend, close } = await createDisk();
    await backend.prepare();
    await backend.put({ fileId: 'taken', fileName: 'a' }, Buffer.from('first'));
    const put = (fileId: string) => backend.put({ fileId, fileName: 'a' }, Buffer.from(fileId));
    const outcomes = await Promise.allSettled(['one', 'taken', 'two'].map(put));
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: { size: 3 } },
      { status: 'rejected', reason: { code: 'EEXIST' } },
      { status: 'fulfilled', value: { size: 3 } },
    ]);
    expect(String(await buffer(backend.read({ fileId: 'taken', fileName: 'a' })))).toBe('first');
    await close();
  });
});
