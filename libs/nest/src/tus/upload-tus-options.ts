import { z } from 'zod';
import { publicUrl } from '../http/upload-http-options.js';
import { flag, milliseconds, resolveOptions, routePath, text } from '../option-schema.js';

/** The token of the options as the application gives them (`UploadTusModuleOptions`). */
export const UPLOAD_TUS_MODULE_OPTIONS = Symbol('UPLOAD_TUS_MODULE_OPTIONS');

/** The token of the resolved options (`ResolvedUploadTusOptions`). */
export const UPLOAD_TUS_OPTIONS = Symbol('UPLOAD_TUS_OPTIONS');

/** How tus clients are served: each option with its meaning, unit, bounds and default. */
export const uploadTusOptionsSchema = z.object({
  path: routePath('api/tus')
    .default('api/tus')
    .describe('Path of the endpoint, below the global prefix and the version of the application.'),
  version: text()
    .optional()
    .describe('Version of the routes, if the application uses versioning. Without it, its default version.'),
  publicUrl: publicUrl()
    .optional()
    .describe(
      'URL at which clients reach the application, if upload URLs must be absolute. A proxy in front may add a path. ' +
        'Without it, upload URLs are paths.',
    ),
  checkOrigin: flag()
    .default(true)
    .describe(
      'Whether to refuse changes with a cookie as their only credential from a page that is neither of this origin nor of ' +
        '`allowedOrigins`. For applications with their own protection against CSRF.',
    ),
  idleTimeoutMs: milliseconds(1)
    .default(60_000)
    .describe(
      'A request whose client sends nothing for this time, or a download from which it reads nothing, is ended.',
    ),
});

export type UploadTusModuleOptions = Readonly<z.input<typeof uploadTusOptionsSchema>>;

export type ResolvedUploadTusOptions = Readonly<z.output<typeof uploadTusOptionsSchema>>;

/** The options with their defaults. Throws a RangeError that names each option that can't be used. */
export function resolveUploadTusOptions(options: UploadTusModuleOptions): ResolvedUploadTusOptions {
  return resolveOptions('UploadTusModule', uploadTusOptionsSchema, options);
}
