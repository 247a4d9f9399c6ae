import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { NOTHING_DURABLE } from '../../contracts/records.js';
import { FILE, text, type CreateStorageBackend, useStorageBackend } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** The duties of a back end to uploads that go on after a restart or a crash. */
export function describeResumption(create: CreateStorageBackend, framework: TestFramework): void {
  const { describe, expect, it } = framework;
  describe('an upload that goes on', () => {
    const { backend, reopen, write, store, contentOf } = useStorageBackend(create, framework);

    it('goes on after a restart from what it holds', async () => {
      const partial = await write('Hello, ');
      await partial.sync();
      await partial.close();
      const again = await (await reopen()).open(FILE, { offset: 7, crc32: crc32('Hello, ') });
      expect(again.size).toBe(7);
      expect(String(await buffer(again.read(3)))).toBe('lo, ');
      await again.append(7, text('world'));
      await again.complete();
      await again.close();
      expect(await contentOf()).toBe('Hello, world');
    });

    it('takes a completed file for a partial one again, if its completion was not saved', async () => {
      await store('Hello');
      const again = await backend().open(FILE, NOTHING_DURABLE);
      expect(again.size).toBe(5);
      await again.complete();
      await again.close();
      expect(await contentOf()).toBe('Hello');
    });

    it('leaves nothing of an upload that nobody has open and that is discarded', async () => {
      const partial = await write('half');
      await partial.close();
      await backend().discard(FILE.fileId);
      const anew = await backend().open(FILE, NOTHING_DURABLE);
      expect(anew.size).toBe(0);
      await anew.close();
    });

    it('never touches a completed file when unfinished bytes of its ID are removed', async () => {
      await store('Hello');
      await backend().discard(FILE.fileId);
      expect(await contentOf()).toBe('Hello');
    });
  });
}
