export { S3_DEFAULTS, type S3StorageOptions } from './s3-options.js';
export { s3Providers } from './s3-providers.js';
export { S3Storage } from './s3-storage.js';
