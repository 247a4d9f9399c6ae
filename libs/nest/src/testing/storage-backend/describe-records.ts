import { fileOf, sessionOf } from '../session-records.js';
import { type CreateStorageBackend, useStorageBackend } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** The capability `records`. */
export function describeRecords(create: CreateStorageBackend, framework: TestFramework): void {
  const { describe, expect, it } = framework;
  describe('records', () => {
    const { backend, reopen } = useStorageBackend(create, framework);

    it('are kept after a restart, until they are removed', async () => {
      const [first, second] = [1, 2].map((number) => fileOf(sessionOf(number, { fileId: `${number}`.repeat(32) })));
      await Promise.all([first!, second!].map((record) => backend().records!.save(record)));
      await backend().records!.remove(first!.fileId);
      expect(await (await reopen()).records!.list()).toEqual([second]);
    });

    it('are replaced by a later one of the same file', async () => {
      const record = fileOf(sessionOf(1, { fileId: '1'.repeat(32) }));
      await backend().records!.save(record);
      await backend().records!.save({ ...record, fileName: 'renamed.txt' });
      expect(await (await reopen()).records!.list()).toEqual([{ ...record, fileName: 'renamed.txt' }]);
    });
  });
}
