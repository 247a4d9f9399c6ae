import { DestroyRef, inject, InjectionToken } from '@angular/core';
import {
  createBrowserUploadClient,
  IndexedDbResumeStore,
  type BrowserUploadClient,
  type ResumeStore,
} from '@upload-streams/client';
import { ApiCredential } from './api-credential';
import { UPLOAD_OPTIONS } from './uploads-options';

/** What the services need of the upload client. A test provides its own. */
export type UploadEngine = Pick<BrowserUploadClient, 'upload' | 'cancel'>;

/** The upload client. It has one connection to the gateway, which closes with the application. */
export const UPLOAD_CLIENT = new InjectionToken<UploadEngine>('UPLOAD_CLIENT', {
  factory: () => {
    const { token } = inject(ApiCredential);
    const client = createBrowserUploadClient({ ...inject(UPLOAD_OPTIONS), token });
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
