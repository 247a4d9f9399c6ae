import { useStorageBackend, type CreateStorageBackend } from './fixture.js';
import type { TestFramework } from '../test-framework.js';

/** The capability `identity`. */
export function describeStoreIdentity(create: CreateStorageBackend, framework: TestFramework): void {
  const { describe, expect, it } = framework;
  describe('the ID of the store', () => {
    const { backend, reopen } = useStorageBackend(create, framework);

    it('is undefined until one is saved; a later one takes its place', async () => {
      expect(await backend().identity!.read()).toBeUndefined();
      await backend().identity!.save('first');
      await backend().identity!.save('second');
      expect(await (await reopen()).identity!.read()).toBe('second');
    });
  });
}
