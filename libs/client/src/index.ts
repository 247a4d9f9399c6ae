export { IndexedDbResumeStore } from './adapters/stores/indexed-db-resume-store.js';
export { MemoryResumeStore } from './adapters/stores/memory-resume-store.js';
export { createBrowserUploadClient, requestToken, type BrowserUploadClient } from './browser.js';
export type { UploadClientOptions } from './options/client-options.js';
export { resolveUploadOptions, type UploadOptions } from './options/upload-options.js';
export {
  RESUME_RECORD_MAX_AGE_MS,
  type ResumeProgress,
  type ResumeRecord,
  type ResumeStore,
} from './ports/resume-store.js';
export { browserIdentity } from './resume/browser-identity.js';
export { detailsOf, handleOf, type ResumableFile } from './resume/resumable-file.js';
export { ResumableUploads, type ResumableUploadsOptions } from './resume/resumable-uploads.js';
export { SessionLocks } from './resume/session-locks.js';
export { isFinal, type UploadFacts, type UploadState, type UploadStatus } from './state/upload-state.js';
export { UploadClient } from './upload-client.js';
export { UploadControls } from './upload-controls.js';
