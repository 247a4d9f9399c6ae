export { describeUploadStore } from './describe-upload-store.js';
export type { CreateUploadStore, UploadStoreFixture } from './upload-store/fixture.js';
export { describeStorageBackend, type StorageCapability } from './describe-storage-backend.js';
export type { CreateStorageBackend, StorageBackendFixture } from './storage-backend/fixture.js';
export type { ContractMatchers, TestFramework } from './test-framework.js';
