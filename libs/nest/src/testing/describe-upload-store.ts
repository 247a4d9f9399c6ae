import { describe } from '@jest/globals';
import { describeCatalogue } from './upload-store/describe-catalogue.js';
import { describeCompletions } from './upload-store/describe-completions.js';
import { describeSessions } from './upload-store/describe-sessions.js';
import { describeTakeovers } from './upload-store/describe-takeovers.js';
import type { CreateUploadStore } from './upload-store/fixture.js';

/**
 * Tests the duties of an upload store.
 *
 * @param create makes an empty store, for each test anew
 */
export function describeUploadStore(name: string, create: CreateUploadStore): void {
  describe(name, () => {
    describeSessions(create);
    describeTakeovers(create);
    describeCompletions(create);
    describeCatalogue(create);
  });
}
