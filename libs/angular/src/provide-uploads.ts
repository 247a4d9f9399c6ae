import {
  inject,
  makeEnvironmentProviders,
  provideEnvironmentInitializer,
  type EnvironmentProviders,
} from '@angular/core';
import { inBrowser } from './in-browser';
import { UploadIdentity } from './upload-identity';
import { UPLOAD_OPTIONS, type UploadsOptions } from './uploads-options';

/**
 * Provides uploads to an application, which also has to provide `HttpClient`. A function is called in an injection context,
 * so that the options can come from other services. Unless the options have a `token`, a browser gets its identity at once,
 * so that download links work before the first upload.
 */
export function provideUploads(options: UploadsOptions | (() => UploadsOptions) = {}): EnvironmentProviders {
  const useFactory = typeof options === 'function' ? options : () => options;
  return makeEnvironmentProviders([
    { provide: UPLOAD_OPTIONS, useFactory },
    provideEnvironmentInitializer(() => {
      if (inBrowser() && inject(UPLOAD_OPTIONS).token === undefined) void inject(UploadIdentity).secret;
    }),
  ]);
}
