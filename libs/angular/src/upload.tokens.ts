import { DestroyRef, inject, InjectionToken } from '@angular/core';
import {
  createBrowserUploadClient,
  IndexedDbResumeStore,
  type BrowserUploadClient,
  type ResumeStore,
  type UploadClientOptions,
} from '@upload-streams/client';
import { UploadIdentity } from './upload-identity';

/** How the page reaches its gateway. All options but `apiPath` are those of the upload client. */
export interface UploadsOptions extends Omit<UploadClientOptions, 'token'> {
  /** Path of the HTTP API on the gateway. @default '/api' */
  readonly apiPath?: string;
}

/** What the services need of the upload client. A test provides its own. */
export type UploadEngine = Pick<BrowserUploadClient, 'upload' | 'cancel'>;

/** The options given to `provideUploads`. */
export const UPLOAD_OPTIONS = new InjectionToken<UploadsOptions>('UPLOAD_OPTIONS', { factory: () => ({}) });

/** The upload client. It has one connection to the gateway, which closes with the application. */
export const UPLOAD_CLIENT = new InjectionToken<UploadEngine>('UPLOAD_CLIENT', {
  factory: () => {
    const identity = inject(UploadIdentity);
    const client = createBrowserUploadClient({ ...inject(UPLOAD_OPTIONS), token: () => identity.secret });
    inject(DestroyRef).onDestroy(() => client.close());
    return client;
  },
});

/** Where unfinished uploads are remembered. */
export const RESUME_STORE = new InjectionToken<ResumeStore>('RESUME_STORE', {
  factory: () => new IndexedDbResumeStore(),
});

/** The base address of the HTTP API. */
export const UPLOAD_API_URL = new InjectionToken<string>('UPLOAD_API_URL', {
  factory: () => {
    const { url = '', apiPath = '/api' } = inject(UPLOAD_OPTIONS);
    return `${url}${apiPath}`;
  },
});
