import { describe } from '@jest/globals';
import { describeCompletedFiles } from './storage-backend/describe-completed-files.js';
import { describePartialFiles } from './storage-backend/describe-partial-files.js';
import { describeQuarantine } from './storage-backend/describe-quarantine.js';
import { describeRecords } from './storage-backend/describe-records.js';
import { describeResumption } from './storage-backend/describe-resumption.js';
import { describeStoreIdentity } from './storage-backend/describe-store-identity.js';
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
 */
export function describeStorageBackend(
  name: string,
  create: CreateStorageBackend,
  capabilities = Object.keys(CAPABILITIES) as readonly StorageCapability[],
): void {
  describe(name, () => {
    describePartialFiles(create);
    describeResumption(create);
    describeCompletedFiles(create);
    for (const capability of capabilities) CAPABILITIES[capability](create);
  });
}
