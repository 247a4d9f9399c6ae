import { provideHttpClient, withFetch } from '@angular/common/http';
import {
  provideBrowserGlobalErrorListeners,
  provideZonelessChangeDetection,
  type ApplicationConfig,
} from '@angular/core';
import { provideUploads, type UploadsOptions } from '@upload-streams/angular';

/** Where the gateway is: where this page comes from, unless the page names another host. Both may be below a path. */
function gateway(): UploadsOptions {
  const base = document.querySelector<HTMLMetaElement>('meta[name=gateway-url]')?.content || document.baseURI;
  const { origin, pathname: path } = new URL('upload-streams', base);
  const { pathname: apiPath } = new URL('api', base);
  return { path, apiPath, ...(origin !== location.origin && { url: origin }) };
}

export const appConfig: ApplicationConfig = {
  providers: [
    provideBrowserGlobalErrorListeners(),
    provideZonelessChangeDetection(),
    provideHttpClient(withFetch()),
    provideUploads(gateway()),
  ],
};
