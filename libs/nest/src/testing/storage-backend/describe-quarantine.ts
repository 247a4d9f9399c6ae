import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { NOTHING_DURABLE } from '../../contracts/records.js';
import { FILE, text, type CreateStorageBackend, useStorageBackend } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** The capability `quarantine`. */
export function describeQuarantine(create: CreateStorageBackend, framework: TestFramework): void {
  const { beforeEach, describe, expect, it } = framework;
  describe('unfinished bytes', () => {
    const { backend, reopen } = useStorageBackend(create, framework);

    const HALF_FILE = { fileId: 'c3d4'.repeat(8), fileName: 'half.txt' };
    const HALF = HALF_FILE.fileId;
    const quarantine = (of = backend()) => of.quarantine!;

    beforeEach(async () => {
      await backend().put(FILE, text('Hello'));
      const half = await backend().create(HALF_FILE);
      await half.append(0, text('half'));
      await half.sync();
      await half.close();
    });

    it('are listed, and completed files and what others wrote are not', async () => {
      const foreign = await backend().create({ ...HALF_FILE, fileId: 'made-by-another' });
      await foreign.append(0, text('half'));
      await foreign.sync();
      await foreign.close();
      expect(await quarantine().unfinished()).toEqual([HALF]);
    });

    it('are put into quarantine, and removed from there', async () => {
      const before = Date.now();
      await quarantine().add(HALF);
      expect(await quarantine().unfinished()).toEqual([]);
      const [entry, ...others] = await quarantine(await reopen()).list();
      expect(others).toEqual([]);
      expect(entry).toMatchObject({ fileId: HALF });
      expect(entry!.since).toBeGreaterThanOrEqual(before);
      await quarantine().remove(entry!);
      expect(await quarantine().list()).toEqual([]);
      const anew = await backend().open(HALF_FILE, NOTHING_DURABLE);
      expect(anew.size).toBe(0);
      await anew.close();
    });

    it('are taken back for an upload that goes on after all', async () => {
      await quarantine().add(HALF);
      const again = await (await reopen()).open(HALF_FILE, { offset: 4, crc32: crc32('half') });
      expect(again.size).toBe(4);
      await again.complete();
      await again.close();
      for (const entry of await quarantine().list()) await quarantine().remove(entry);
      expect(String(await buffer(backend().read(HALF_FILE)))).toBe('half');
    });
  });
}
