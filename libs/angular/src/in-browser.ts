import { isPlatformBrowser } from '@angular/common';
import { inject, PLATFORM_ID } from '@angular/core';

/** Whether this runs in a browser, not on a server that renders the page. Call it in an injection context. */
export const inBrowser = (): boolean => isPlatformBrowser(inject(PLATFORM_ID));
