import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChunkSource } from '../../ports/chunk-source.js';
import { openPath } from './open-path.js';

const open = (path: string, options: { fileName?: string; type?: string } = {}) =>
  openPath(path, { bufferBytes: 1024 * 1024, ...options });

describe('a path as a source', () => {
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
    const source = await open(path);
    const lastModified = Math.floor((await stat(path)).mtimeMs);
    expect(source).toMatchObject({ fileName: 'a.bin', size: 5, type: undefined, lastModified });
    await source.close();
  });

  it('takes name and type from the options if they have them', async () => {
    const source = await open(path, { fileName: 'b.png', type: 'image/png' });
    expect(source).toMatchObject({ fileName: 'b.png', type: 'image/png' });
    await source.close();
  });

  it('returns its bytes in order, marks the last, and goes on from the offset that it is moved to', async () => {
    const source = await open(path);
    expect(await source.next(3)).toMatchObject({ bytes: Buffer.of(1, 2, 3), last: false });
    expect(await source.next(3)).toMatchObject({ bytes: Buffer.of(4, 5), last: true });
    await source.seek(1);
    expect(await source.next(4)).toMatchObject({ bytes: Buffer.of(2, 3, 4, 5), last: true });
    await source.close();
  });

  it('is one empty last chunk if the file is empty', async () => {
    await truncate(path, 0);
    const source = await open(path);
    expect(await source.next(10)).toMatchObject({ bytes: Buffer.alloc(0), last: true });
    await source.close();
  });

  it('reads into the memory of chunks that were given back, and into no other', async () => {
    const source = await open(path);
    const first = await source.next(2);
    first.free!();
    const second = await source.next(2);
    const third = await source.next(1);
    expect(second.bytes.buffer).toBe(first.bytes.buffer);
    expect(third.bytes.buffer).not.toBe(second.bytes.buffer);
    expect([...second.bytes, ...third.bytes]).toEqual([3, 4, 5]);
    await source.close();
  });

  it('fails as a source if there is no such file', async () => {
    const opening = open(join(folder, 'none'));
    await expect(opening).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause: { code: 'ENOENT' } });
  });

  it('fails as a source for a folder, and leaves no handle open', async () => {
    const before = await openHandles(folder);
    await expect(open(folder)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(await openHandles(folder)).toBe(before);
  });

  it('has changed if the file is cut short while it is read', async () => {
    const source = await open(path);
    await source.next(2);
    await truncate(path, 3);
    await expect(source.next(3)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await source.close();
  });

  it('returns no more than the size that it had when it was opened', async () => {
    const source = await open(path);
    await writeFile(path, Uint8Array.of(6, 7), { flag: 'a' });
    expect(await source.next(100)).toMatchObject({ bytes: Buffer.of(1, 2, 3, 4, 5), last: true });
    await source.close();
  });

  describe('says whether it is still the same', () => {
    const all = async (source: ChunkSource) => {
      await source.seek(0);
      return Buffer.from((await source.next(100)).bytes);
    };

    it('where nothing happened', async () => {
      const source = await open(path);
      await source.next(3);
      expect(await source.verify()).toBe(true);
      await source.close();
    });

    it.each<[string, () => Promise<unknown>, number[]]>([
      ['is overwritten', () => writeFile(path, Uint8Array.of(5, 4, 3, 2, 1)), [5, 4, 3, 2, 1]],
      ['is truncated', () => truncate(path, 2), [1, 2]],
      ['is appended to', () => writeFile(path, Uint8Array.of(6), { flag: 'a' }), [1, 2, 3, 4, 5, 6]],
      ['is replaced by another one', () => replace(path, Uint8Array.of(9, 9, 9)), [9, 9, 9]],
      ['is touched', () => utimes(path, 1000, 2000), [1, 2, 3, 4, 5]],
    ])('not where it %s, and is read as it is now', async (_how, change, content) => {
      const source = await open(path);
      await source.next(3);
      await change();
      expect(await source.verify()).toBe(false);
      expect(source.size).toBe(content.length);
      expect(await all(source)).toEqual(Buffer.from(content));
      expect(await source.verify()).toBe(true);
      await source.close();
      expect(await openHandles(path)).toBe(0);
    });

    it('where its path is gone and the open file is what it was', async () => {
      const source = await open(path);
      await rm(path);
      expect(await source.verify()).toBe(true);
      expect(await all(source)).toEqual(Buffer.of(1, 2, 3, 4, 5));
      await source.close();
    });

    it('and has changed for good if a folder is at its path', async () => {
      const source = await open(path);
      await rm(path);
      await mkdir(path);
      await expect(source.verify()).rejects.toMatchObject({ code: 'SOURCE_CHANGED', details: { rereadable: false } });
      await source.close();
    });
  });

  describe('that has no size', () => {
    async function contentOf(source: ChunkSource): Promise<string> {
      let content = '';
      for (;;) {
        const { bytes, last } = await source.next(1024);
        content += Buffer.from(bytes).toString();
        if (last) return content;
      }
    }

    const linux = process.platform === 'linux' ? it : it.skip;
    if (process.platform !== 'linux') console.warn('Files of /proc, FIFOs and devices: tested on Linux only');

    linux('gives the content of a file of /proc', async () => {
      const source = await open('/proc/version');
      expect(source).toMatchObject({ fileName: 'version', size: undefined });
      expect(await contentOf(source)).toBe(await readFile('/proc/version', 'utf8'));
      await source.close();
    });

    linux('gives what is written into a FIFO, and can be closed while nobody writes', async () => {
      const fifo = join(folder, 'fifo');
      execFileSync('mkfifo', [fifo]);
      const idle = await open(fifo);
      const waiting = idle.next(10);
      idle.interrupt();
      expect((await waiting).bytes).toHaveLength(0);
      await idle.close();

      const source = await open(fifo);
      const content = contentOf(source);
      await writeFile(fifo, 'through the pipe');
      expect(await content).toBe('through the pipe');
      await source.close();
    });

    linux('holds no thread of the pool for FIFOs that nobody writes to', async () => {
      const fifos = [0, 1, 2, 3, 4, 5, 6, 7].map((index) => join(folder, `fifo-${index}`));
      execFileSync('mkfifo', fifos);
      const sources = await Promise.all(fifos.map((fifo) => open(fifo)));
      for (const source of sources) void source.next(1).catch(() => undefined);
      expect(await readFile(path)).toHaveLength(5);
      for (const source of sources) await source.close();
    });

    linux('gives bytes of a device that never ends, until it is closed', async () => {
      const source = await open('/dev/zero');
      expect((await source.next(1000)).bytes).toEqual(new Uint8Array(1000));
      await source.close();
    });
  });

  it('can be read no more once closed', async () => {
    const source = await open(path);
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

/** As editors and tools write a file: beside it, then in its place. */
async function replace(path: string, content: Uint8Array): Promise<void> {
  await writeFile(`${path}.new`, content);
  await rename(`${path}.new`, path);
}
