export { describeUploadStore, type UploadStoreFixture } from './describe-upload-store.js';
export { describeStorageBackend, type StorageBackendFixture } from './describe-storage-backend.js';
