import {
  inject,
  makeEnvironmentProviders,
  provideEnvironmentInitializer,
  type EnvironmentProviders,
} from '@angular/core';
import { UploadIdentity } from './upload-identity';
import { UPLOAD_OPTIONS, type UploadsOptions } from './upload.tokens';

/**
 * Provides uploads to an application, which also has to provide `HttpClient`. The identity is created at once, so that
 * download links work before the first upload.
 */
export function provideUploads(options: UploadsOptions = {}): EnvironmentProviders {
  return makeEnvironmentProviders([
    { provide: UPLOAD_OPTIONS, useValue: options },
    provideEnvironmentInitializer(() => void inject(UploadIdentity)),
  ]);
}
