import type { Provider } from '@nestjs/common';
import { UPLOAD_OPTIONS, type ResolvedUploadOptions } from '../../upload-options.js';
import { freeMemory } from '../../performance/free-memory.js';
import type { S3StorageOptions } from './s3-options.js';
import { S3Storage } from './s3-storage.js';
import { UPLOAD_STORAGE_BACKEND } from '../../contracts/storage-backend.js';

/** For `UploadModule.forRoot(options, { providers: s3Providers(...) })`: bytes in an S3-compatible object store. */
export function s3Providers(options: S3StorageOptions): Provider[] {
  const useFactory = (upload: ResolvedUploadOptions) => new S3Storage(options, upload.sha256, freeMemory(upload));
  return [{ provide: UPLOAD_STORAGE_BACKEND, inject: [UPLOAD_OPTIONS], useFactory }];
}
