import type { Provider } from '@nestjs/common';
import type { ResolvedUploadOptions } from '../upload-options.js';
import { UPLOAD_OPTIONS, UPLOAD_STORAGE_BACKEND } from '../upload.tokens.js';
import type { S3StorageOptions } from './s3-options.js';
import { S3Storage } from './s3-storage.js';

/** For `UploadModule.forRoot(options, { providers: s3Providers(...) })`: bytes in an S3-compatible object store. */
export function s3Providers(options: S3StorageOptions): Provider[] {
  const useFactory = ({ sha256 }: ResolvedUploadOptions) => new S3Storage(options, sha256);
  return [{ provide: UPLOAD_STORAGE_BACKEND, inject: [UPLOAD_OPTIONS], useFactory }];
}
