export { AnonymousAuthenticator, IDENTITY_COOKIE } from './auth/anonymous-authenticator.js';
export type { Authenticator, Credentials } from './auth/authenticator.js';
export { UploadEvents, type UploadLifecycleEvent } from './events/upload-events.js';
export { FilesService, type FileRequester } from './files/files.service.js';
export {
  openUploadPolicy,
  type UploadAmendment,
  type UploadPolicy,
  type UploadRequest,
} from './policy/upload-policy.js';
export { toUploadError } from './host-error.js';
export { CatalogueRebuild, type RebuildCounts, type RebuildOptions } from './session/catalogue-rebuild.js';
export { toCompletedUpload } from './session/completed-upload.js';
export { type LetGo, type SessionHandover } from './session/session-handover.js';
export type { Checkpoint, FileRecord, SessionRecord } from './session/session-record.js';
export type { FilePage, SessionStore } from './session/session-store.js';
export { SessionService } from './session/session.service.js';
export { SqliteSessionStore } from './session/sqlite-session-store.js';
export { DiskStorage } from './storage/disk-storage.js';
export type {
  ByteRange,
  Download,
  KeptFile,
  PartialFile,
  Quarantined,
  StorageBackend,
  StoredDigest,
  StoredFile,
} from './storage/storage-backend.js';
export { StorageService } from './storage/storage.service.js';
export {
  DURABILITIES,
  UPLOAD_DEFAULTS,
  type Durability,
  type ResolvedUploadOptions,
  type UploadModuleOptions,
} from './upload-options.js';
export { UploadGateway } from './upload.gateway.js';
export {
  CatalogueRebuildModule,
  UploadModule,
  type UploadModuleAsyncOptions,
  type UploadModuleExtras,
} from './upload.module.js';
export {
  UPLOAD_AUTHENTICATOR,
  UPLOAD_OPTIONS,
  UPLOAD_POLICY,
  UPLOAD_SESSION_HANDOVER,
  UPLOAD_SESSION_STORE,
  UPLOAD_STORAGE_BACKEND,
} from './upload.tokens.js';
