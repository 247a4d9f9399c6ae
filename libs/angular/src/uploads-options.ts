import { InjectionToken } from '@angular/core';
import type { UploadClientOptions } from '@upload-streams/client';

/** How the page reaches its gateway: all options of the upload client, and the path of the HTTP API. */
export interface UploadsOptions extends UploadClientOptions {
  /** Path of the HTTP API on the gateway. @default '/api' */
  readonly apiPath?: string | undefined;
}

/** The options given to `provideUploads`. */
export const UPLOAD_OPTIONS = new InjectionToken<UploadsOptions>('UPLOAD_OPTIONS', { factory: () => ({}) });
