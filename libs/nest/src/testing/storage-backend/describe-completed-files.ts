import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { FILE, text, type CreateStorageBackend, useStorageBackend } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** The duties of a back end to completed files. */
export function describeCompletedFiles(create: CreateStorageBackend, framework: TestFramework): void {
  const { describe, expect, it } = framework;
  describe('completed files', () => {
    const { backend, write, store, contentOf } = useStorageBackend(create, framework);

    it('are stored whole, with the digest of what is stored', async () => {
      const content = text('Hello, world');
      const sha256 = createHash('sha256').update(content).digest('hex');
      expect(await backend().put(FILE, content)).toEqual({ size: 12, crc32: crc32(content), sha256 });
      expect(await contentOf()).toBe('Hello, world');
    });

    it('may be empty', async () => {
      expect(await backend().put(FILE, text(''))).toMatchObject({ size: 0, crc32: 0 });
      expect(await contentOf()).toBe('');
    });

    it('are stored many at once', async () => {
      const files = Array.from({ length: 50 }, (_, n) => ({ fileId: `f${n}`, fileName: 'a.txt' }));
      await Promise.all(files.map((one, n) => backend().put(one, text(`file ${n}`))));
      const contents = await Promise.all(files.map(async (one) => String(await buffer(backend().read(one)))));
      expect(contents).toEqual(files.map((_, n) => `file ${n}`));
    });

    it('are removed and not listed any more', async () => {
      await backend().put(FILE, text('Hello, world'));
      await backend().remove(FILE.fileId);
      await expect(contentOf()).rejects.toThrow();
      for await (const _ of backend().completedFiles()) throw new Error('it is still listed');
    });

    it('are read as a whole or by ranges, both ends included', async () => {
      await store('Hello, world');
      expect(await contentOf(FILE, { start: 7, end: 8 })).toBe('wo');
    });

    it('are read back and hashed', async () => {
      for (const size of [0, 6, 1_000_000]) {
        const content = Buffer.alloc(size, 'upload');
        const stored = { ...FILE, fileId: `stored-of-${size}` };
        await backend().put(stored, Uint8Array.from(content));
        const sha256 = createHash('sha256').update(content).digest('hex');
        expect(await backend().digest(stored)).toEqual({ size, crc32: crc32(content), sha256 });
      }
    });

    it('have a size, which is undefined where there is no file', async () => {
      expect(await backend().sizeOf(FILE)).toBeUndefined();
      await store('Hello');
      expect(await backend().sizeOf(FILE)).toBe(5);
    });

    it('fail with ENOENT where there is no file', async () => {
      await expect(contentOf()).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(contentOf(FILE, { start: 1, end: 2 })).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(backend().digest(FILE)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('may be removed twice', async () => {
      await store('Hello');
      await backend().remove(FILE.fileId);
      await backend().remove(FILE.fileId);
      await expect(contentOf()).rejects.toThrow();
    });

    it('are listed, and nothing else is', async () => {
      await backend().put({ ...FILE, fileId: 'c3d4'.repeat(8) }, text('Hello'));
      await (await write('half')).close();
      const found = [];
      for await (const one of backend().completedFiles()) found.push(one);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({ fileId: 'c3d4'.repeat(8), size: 5 });
    });

    it('can be stored, as the check says', async () => {
      await expect(backend().check()).resolves.toBeUndefined();
    });
  });
}
