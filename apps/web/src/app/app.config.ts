import { provideHttpClient, withFetch } from '@angular/common/http';
import {
  provideBrowserGlobalErrorListeners,
  provideZonelessChangeDetection,
  type ApplicationConfig,
} from '@angular/core';
import { provideUploads } from '@upload-streams/angular';

/** The gateway is where this page comes from, also if a proxy serves both below a path. */
const below = (path: string): string => new URL(path, document.baseURI).pathname;

export const appConfig: ApplicationConfig = {
  providers: [
    provideBrowserGlobalErrorListeners(),
    provideZonelessChangeDetection(),
    provideHttpClient(withFetch()),
    provideUploads({ path: below('upload-streams'), apiPath: below('api') }),
  ],
};
