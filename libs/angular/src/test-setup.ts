import '@angular/compiler';
import { setupZonelessTestEnv } from 'jest-preset-angular/setup-env/zoneless/index.mjs';

// Without a document, a spec renders as a server does. Angular has one platform at a time.
if (typeof document !== 'undefined')
  setupZonelessTestEnv({ errorOnUnknownElements: true, errorOnUnknownProperties: true });
