export { IndexedDbResumeStore } from './adapters/stores/indexed-db-resume-store.js';
export { MemoryResumeStore } from './adapters/stores/memory-resume-store.js';
export { createBrowserUploadClient, type BrowserUploadClient } from './browser.js';
export {
  RESUME_RECORD_MAX_AGE_MS,
  type ResumeProgress,
  type ResumeRecord,
  type ResumeStore,
} from './ports/resume-store.js';
export { UploadClient } from './upload-client.js';
export { UploadControls } from './upload-controls.js';
export type { UploadClientOptions } from './options/client-options.js';
export type { UploadOptions } from './options/upload-options.js';
export { isFinal, type UploadFacts, type UploadState, type UploadStatus } from './state/upload-state.js';
