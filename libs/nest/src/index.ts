export { AnonymousAuthenticator, IDENTITY_COOKIE } from './defaults/anonymous-authenticator.js';
export { UPLOAD_AUTHENTICATOR, type Authenticator, type Credentials } from './contracts/authenticator.js';
export { UploadEvents, type UploadLifecycleEvent } from './session/upload-events.js';
export { FilesService, type FileRequester } from './catalogue/files.service.js';
export {
  UPLOAD_POLICY,
  openUploadPolicy,
  type UploadAmendment,
  type UploadPolicy,
  type UploadRequest,
} from './contracts/upload-policy.js';
export { toUploadError } from './errors/host-error.js';
export { CatalogueRebuild, type RebuildCounts, type RebuildOptions } from './catalogue/catalogue-rebuild.js';
export { toCompletedUpload } from './session/answers.js';
export { UPLOAD_SESSION_HANDOVER, type YieldSession, type SessionHandover } from './contracts/session-handover.js';
export type { Checkpoint, FileRecord, SessionRecord } from './contracts/records.js';
export { UPLOAD_STORE, type FilePage, type UploadStore } from './contracts/upload-store.js';
export { OriginPolicy, type CorsRule, type RequestSource } from './origins/origin-policy.js';
export { SessionService } from './session/session.service.js';
export { SqliteUploadStore } from './stores/sqlite/sqlite-upload-store.js';
export { DiskStorage } from './stores/disk/disk-storage.js';
export { BrokenFileError, type PartialFile, type Persistence, type StoredDigest } from './contracts/partial-file.js';
export {
  UPLOAD_STORAGE_BACKEND,
  type ByteRange,
  type Capacity,
  type CompletedFile,
  type Download,
  type Quarantine,
  type Quarantined,
  type RecordKeeper,
  type StorageBackend,
  type StoredFile,
  type StoreIdentity,
} from './contracts/storage-backend.js';
export { StorageService } from './storage/storage.service.js';
export {
  UPLOAD_OPTIONS,
  DURABILITIES,
  UPLOAD_DEFAULTS,
  type Durability,
  type ResolvedUploadOptions,
  type UploadModuleOptions,
} from './upload-options.js';
export { UploadGateway } from './gateway/upload.gateway.js';
export { CatalogueRebuildModule, UploadModule } from './upload.module.js';
export type { UploadModuleAsyncOptions, UploadModuleExtras, UploadOptionsFactory } from './upload.module-definition.js';
