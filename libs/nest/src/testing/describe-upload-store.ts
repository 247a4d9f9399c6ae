import { describeCatalogue } from './upload-store/describe-catalogue.js';
import { describeCompletions } from './upload-store/describe-completions.js';
import { describeSessions } from './upload-store/describe-sessions.js';
import { describeTakeovers } from './upload-store/describe-takeovers.js';
import { globalTestFramework, type TestFramework } from './test-framework.js';
import type { CreateUploadStore } from './upload-store/fixture.js';

/**
 * Tests the duties of an upload store.
 *
 * @param create makes an empty store, for each test anew
 * @param framework by default the global functions of Jest, or of Vitest with `globals: true`. Without globals, pass
 *   `{ describe, it, beforeEach, afterEach, expect }`
 */
export function describeUploadStore(
  name: string,
  create: CreateUploadStore,
  framework: TestFramework = globalTestFramework(),
): void {
  framework.describe(name, () => {
    describeSessions(create, framework);
    describeTakeovers(create, framework);
    describeCompletions(create, framework);
    describeCatalogue(create, framework);
  });
}
