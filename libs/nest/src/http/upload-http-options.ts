import { z } from 'zod';
import { flag, isUrlOf, milliseconds, resolveOptions, routePath, text, textLike } from '../option-schema.js';

/** The token of the options as the application gives them (`UploadHttpModuleOptions`). */
export const UPLOAD_HTTP_MODULE_OPTIONS = Symbol('UPLOAD_HTTP_MODULE_OPTIONS');

/** The token of the resolved options (`ResolvedUploadHttpOptions`). */
export const UPLOAD_HTTP_OPTIONS = Symbol('UPLOAD_HTTP_OPTIONS');

/** How files are listed, sent and deleted over HTTP: each option with its meaning, unit, bounds and default. */
export const uploadHttpOptionsSchema = z.object({
  path: routePath('api/files')
    .default('api/files')
    .describe('Path of the routes, below the global prefix and the version of the application.'),
  version: text()
    .optional()
    .describe('Version of the routes, if the application uses versioning. Without it, its default version.'),
  publicUrl: publicUrl()
    .optional()
    .describe(
      'URL at which clients reach the application, if links to files must be absolute because the page is on another host. ' +
        'A proxy in front may add a path. Without it, links are paths.',
    ),
  checkOrigin: flag()
    .default(true)
    .describe(
      'Whether to refuse a DELETE with a cookie as its only credential from a page that is neither of this origin nor of ' +
        '`allowedOrigins`. For applications with their own protection against CSRF.',
    ),
  downloadIdleTimeoutMs: milliseconds(1)
    .default(60_000)
    .describe('A download from which the client reads nothing for this time is ended.'),
});

export type UploadHttpModuleOptions = Readonly<z.input<typeof uploadHttpOptionsSchema>>;

export type ResolvedUploadHttpOptions = Readonly<z.output<typeof uploadHttpOptionsSchema>>;

/** The options with their defaults. Throws a RangeError that names each option that can't be used. */
export function resolveUploadHttpOptions(options: UploadHttpModuleOptions): ResolvedUploadHttpOptions {
  return resolveOptions('UploadHttpModule', uploadHttpOptionsSchema, options);
}

/** A URL at which clients reach the application, without a slash at its end. */
export function publicUrl() {
  return textLike(isPublicUrl, 'must be a URL without query, such as https://files.example.com').transform((url) =>
    url.replace(/\/+$/, ''),
  );
}

function isPublicUrl(url: string): boolean {
  return isUrlOf(url, ['http:', 'https:']) && !/[?#\s]/.test(url);
}
