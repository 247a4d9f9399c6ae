import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, readdir, readlink, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PathSource } from './path-source.js';

describe('PathSource', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'path-source-'));
    path = join(folder, 'a.bin');
    await writeFile(path, Uint8Array.of(1, 2, 3, 4, 5));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('takes name, size and time from the file', async () => {
    const source = await PathSource.open(path, {});
    const lastModified = Math.floor((await stat(path)).mtimeMs);
    expect(source).toMatchObject({ fileName: 'a.bin', size: 5, type: undefined, lastModified });
    await source.close();
  });

  it('takes name and type from the options where they have them', async () => {
    const source = await PathSource.open(path, { fileName: 'b.png', type: 'image/png' });
    expect(source).toMatchObject({ fileName: 'b.png', type: 'image/png' });
    await source.close();
  });

  it('gives its bytes in order, marks the last, and goes on from where it is moved to', async () => {
    const source = await PathSource.open(path, {});
    expect(await source.next(3)).toMatchObject({ bytes: Buffer.of(1, 2, 3), last: false });
    expect(await source.next(3)).toMatchObject({ bytes: Buffer.of(4, 5), last: true });
    await source.seek(1);
    expect(await source.next(4)).toMatchObject({ bytes: Buffer.of(2, 3, 4, 5), last: true });
    await source.close();
  });

  it('is one empty last chunk where the file is empty', async () => {
    await truncate(path, 0);
    const source = await PathSource.open(path, {});
    expect(await source.next(10)).toMatchObject({ bytes: Buffer.alloc(0), last: true });
    await source.close();
  });

  it('fails as a source where there is no such file', async () => {
    const opening = PathSource.open(join(folder, 'none'), {});
    await expect(opening).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause: { code: 'ENOENT' } });
  });

  it('fails as a source for a folder, and leaves no handle open', async () => {
    const before = await openHandles(folder);
    await expect(PathSource.open(folder, {})).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(await openHandles(folder)).toBe(before);
  });

  it('fails as a source where the file is cut short while it is read', async () => {
    const source = await PathSource.open(path, {});
    await source.next(2);
    await truncate(path, 3);
    await expect(source.next(3)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    await source.close();
  });

  it('gives no more than the size that it had when it was opened', async () => {
    const source = await PathSource.open(path, {});
    await writeFile(path, Uint8Array.of(6, 7), { flag: 'a' });
    expect(await source.next(100)).toMatchObject({ bytes: Buffer.of(1, 2, 3, 4, 5), last: true });
    await source.close();
  });

  it('can be read no more once closed', async () => {
    const source = await PathSource.open(path, {});
    await source.close();
    expect(await openHandles(path)).toBe(0);
    await expect(source.next(1)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  });
});

/** How many handles this process holds on a path, as Linux tells it; elsewhere always 0. */
async function openHandles(path: string): Promise<number> {
  const handles = await readdir('/proc/self/fd').catch(() => []);
  const targets = await Promise.all(handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')));
  return targets.filter((target) => target === path).length;
}
