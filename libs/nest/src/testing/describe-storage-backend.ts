import { describeCompletedFiles } from './storage-backend/describe-completed-files.js';
import { describePartialFiles } from './storage-backend/describe-partial-files.js';
import { describeQuarantine } from './storage-backend/describe-quarantine.js';
import { describeRecords } from './storage-backend/describe-records.js';
import { describeResumption } from './storage-backend/describe-resumption.js';
import { describeStoreIdentity } from './storage-backend/describe-store-identity.js';
import { globalTestFramework, type TestFramework } from './test-framework.js';
import type { CreateStorageBackend } from './storage-backend/fixture.js';

/** One function for each capability that a back end may leave out. */
const CAPABILITIES = {
  quarantine: describeQuarantine,
  records: describeRecords,
  identity: describeStoreIdentity,
} as const;

export type StorageCapability = keyof typeof CAPABILITIES;

/**
 * Tests the duties of a storage back end, and those of the capabilities that it has.
 *
 * @param create makes an empty back end for each test
 * @param capabilities by default `quarantine`, `records` and `identity`; `capacity` and `presignedUrl` are not tested here
 * @param framework by default the global functions of Jest, or of Vitest with `globals: true`. Without globals, pass
 *   `{ describe, it, beforeEach, afterEach, expect }`
 */
export function describeStorageBackend(
  name: string,
  create: CreateStorageBackend,
  capabilities = Object.keys(CAPABILITIES) as readonly StorageCapability[],
  framework: TestFramework = globalTestFramework(),
): void {
  framework.describe(name, () => {
    describePartialFiles(create, framework);
    describeResumption(create, framework);
    describeCompletedFiles(create, framework);
    for (const capability of capabilities) CAPABILITIES[capability](create, framework);
  });
}
