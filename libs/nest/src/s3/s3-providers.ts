import type { Provider } from '@nestjs/common';
import { UPLOAD_STORAGE_BACKEND } from '../upload.tokens.js';
import type { S3StorageOptions } from './s3-options.js';
import { S3Storage } from './s3-storage.js';

/** For `UploadModule.forRoot(options, { providers: s3Providers(...) })`: bytes in an S3-compatible object store. */
export function s3Providers(options: S3StorageOptions): Provider[] {
  return [{ provide: UPLOAD_STORAGE_BACKEND, useFactory: () => new S3Storage(options) }];
}
