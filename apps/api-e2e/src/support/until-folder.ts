import { watch } from 'node:fs';

/**
 * Resolves once a condition holds. It is checked now and after each change in the folder; a check that throws counts as
 * false. `signal` stops the waiting, for tests that end early.
 */
export function untilFolder(folder: string, holds: () => Promise<boolean>, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const check = async () => {
      if (!(await holds().catch(() => false))) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, { signal, persistent: false }, () => void check());
    void check();
  });
}
