export { uploadAsOriginalClient, type OriginalUploadOptions } from './original-client.js';
export { ServerProcess, type ServerProcessOptions } from './server-process.js';
