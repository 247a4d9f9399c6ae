export { describeSessionStore, type SessionStoreFixture } from './describe-session-store.js';
export { describeStorageBackend, type StorageBackendFixture } from './describe-storage-backend.js';
