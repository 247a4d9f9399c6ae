import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describeStorageBackend } from '../testing/describe-storage-backend.js';
import { DiskStorage } from './disk-storage.js';

async function createDisk() {
  const folder = await mkdtemp(join(tmpdir(), 'disk-storage-'));
  const opened = [new DiskStorage(folder)];
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

describeStorageBackend('DiskStorage', createDisk);

describe('DiskStorage', () => {
  it('relies on nothing beyond the durable offset that was written before the machine started', async () => {
    const { folder, backend, reopen, close } = await createDisk();
    await backend.prepare();
    const partial = await backend.open('a1', 0);
    await partial.append(0, Buffer.from('durable, lost'));
    await partial.close();
    const again = await (await reopen()).open('a1', 7);
    expect(again.size).toBe(13);
    await again.close();
    await utimes(join(folder, 'partial/a1'), 1, 1);
    const afterPowerCut = await (await reopen()).open('a1', 7);
    expect(afterPowerCut.size).toBe(7);
    expect(String(await buffer(afterPowerCut.read(0)))).toBe('durable');
    await afterPowerCut.close();
    await close();
  });

  it('fails one file that comes whole, and none of those that are stored in the same round', async () => {
    const { backend, close } = await createDisk();
    await backend.prepare();
    await backend.put({ fileId: 'taken', storedName: 'a' }, Buffer.from('first'));
    const put = (fileId: string) => backend.put({ fileId, storedName: 'a' }, Buffer.from(fileId));
    const outcomes = await Promise.allSettled(['one', 'taken', 'two'].map(put));
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: { size: 3 } },
      { status: 'rejected', reason: { code: 'EEXIST' } },
      { status: 'fulfilled', value: { size: 3 } },
    ]);
    expect(String(await buffer(backend.read({ fileId: 'taken', storedName: 'a' })))).toBe('first');
    await close();
  });
});
