export { createBrowserUploadClient, type BrowserUploadClient } from './browser.js';
export { UploadClient } from './upload-client.js';
export { UploadControls } from './upload-controls.js';
export type { UploadClientOptions, UploadOptions } from './upload-options.js';
export { isFinal, type UploadFacts, type UploadState, type UploadStatus } from './upload-state.js';
