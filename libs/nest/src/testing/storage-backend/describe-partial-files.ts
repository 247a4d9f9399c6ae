import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { NOTHING_DURABLE } from '../../contracts/records.js';
import { FILE, text, type CreateStorageBackend, useStorageBackend } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** The duties of a back end to unfinished uploads. */
export function describePartialFiles(create: CreateStorageBackend, framework: TestFramework): void {
  const { describe, expect, it } = framework;
  describe('a partial file', () => {
    const { backend, write, store, contentOf } = useStorageBackend(create, framework);

    it('starts with an empty partial file', async () => {
      const partial = await backend().create(FILE);
      expect(partial.size).toBe(0);
      await partial.close();
    });

    it('gives back what was appended, once it is complete', async () => {
      const partial = await write('Hello, ');
      await partial.append(7, text('world'));
      await partial.complete();
      await partial.close();
      expect(await contentOf()).toBe('Hello, world');
    });

    it('gives the memory of appended bytes back when it needs them no more', async () => {
      const partial = await backend().create(FILE);
      const bytes = new Uint8Array(100_000).fill(7);
      await partial.append(0, bytes);
      await partial.digest(100_000);
      await partial.complete();
      await partial.close();
      expect(bytes).toHaveLength(0);
      expect(await contentOf()).toBe('\u0007'.repeat(100_000));
    });

    it('stores a file of no bytes', async () => {
      await store('');
      expect(await contentOf()).toBe('');
    });

    it('shows nothing of a file that is not complete', async () => {
      const partial = await write('half');
      await expect(contentOf()).rejects.toThrow();
      await partial.close();
    });

    it('reads back and hashes what it holds', async () => {
      for (const size of [6, 1_000_000]) {
        const content = Buffer.alloc(size, 'upload');
        const partial = await backend().create({ ...FILE, fileId: `digest-of-${size}` });
        await partial.append(0, Uint8Array.from(content));
        const sha256 = createHash('sha256').update(content).digest('hex');
        expect(await partial.digest(size)).toEqual({ size, crc32: crc32(content), sha256 });
        await partial.close();
      }
    });

    it('drops what lies beyond the end, as a failed append may leave it', async () => {
      const partial = await write('Hello, rubbish');
      expect(await partial.digest(5)).toMatchObject({ size: 5, crc32: crc32('Hello') });
      await partial.complete();
      await partial.close();
      expect(await contentOf()).toBe('Hello');
    });

    it('leaves nothing of a partial file that is discarded', async () => {
      const partial = await write('half');
      await partial.discard();
      const anew = await backend().open(FILE, NOTHING_DURABLE);
      expect(anew.size).toBe(0);
      await anew.close();
    });
  });
}
