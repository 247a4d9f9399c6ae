import { MAX_CHUNK_BYTES, MAX_FILE_BYTES, MIN_CHUNK_BYTES } from '@upload-streams/protocol';
import { z } from 'zod';
import {
  byteCount,
  count,
  DAY_MS,
  flag,
  HOUR_MS,
  MIB,
  milliseconds,
  oneOf,
  resolveOptions,
  text,
  textLike,
} from './option-schema.js';
import { problemOfOrigin } from './origins/allowed-origins.js';
import { trustProxies } from './origins/public-origins.js';

/** The token of the options as the application gives them (`UploadModuleOptions`). */
export const UPLOAD_MODULE_OPTIONS = Symbol('UPLOAD_MODULE_OPTIONS');

/** The token of the resolved options (`ResolvedUploadOptions`). */
export const UPLOAD_OPTIONS = Symbol('UPLOAD_OPTIONS');

export const DURABILITIES = ['chunk', 'checkpoint', 'complete'] as const;

/** When written bytes are synced (`fsync`); `durability` in the options says what each word means. */
export type Durability = (typeof DURABILITIES)[number];

const ORIGINS = 'must be a list of origins';

const origin = z.string(ORIGINS).superRefine((entry, context) => {
  const problem = problemOfOrigin(entry);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: `${ORIGINS}: ${problem}` });
});

const PROXIES = 'must be a list of addresses, networks such as 10.0.0.0/8, or loopback';

const proxy = textLike(isProxy, PROXIES);

const MIME_TYPES = 'must be a list of MIME types such as image/* or application/pdf';

const mimeType = textLike((type) => /^[\w.+-]+\/([\w.+-]+|\*)$/.test(type), MIME_TYPES);

/** Where files are served if nothing else is known: the route of `UploadHttpModule` with its defaults. */
export const DEFAULT_FILES_URL = '/api/files';

/** `FileLinks` takes its place in an application. */
const defaultFileUrl = (fileId: string) => `${DEFAULT_FILES_URL}/${fileId}`;

/** How the gateway of an application works: each option with its meaning, unit, bounds and default. */
export const uploadOptionsSchema = z.object({
  dataDir: text()
    .optional()
    .describe(
      'Folder for files, unfinished uploads and the catalogue; created if missing. Only one process at a time may use it. ' +
        'Not needed, and not created, when bytes and sessions are both kept elsewhere.',
    ),
  allowedOrigins: z
    .array(origin, `${ORIGINS}, such as ['https://app.example.com']`)
    .readonly()
    .default([])
    .describe(
      "Origins, besides the gateway's own, whose pages may connect, for example `https://app.example.com`, " +
        '`https://*.example.com` or `capacitor://localhost`. `*` allows any, without cookies. Clients that send no ' +
        'Origin, such as Node, are always allowed.',
    ),
  trustedProxies: z
    .array(proxy, PROXIES)
    .readonly()
    .default([])
    .describe(
      'Proxies whose `Forwarded` and `X-Forwarded-*` headers are believed: addresses, networks such as `10.0.0.0/8`, ' +
        '`loopback`, `linklocal` or `uniquelocal`. Needed only if a proxy changes the `Host` of requests.',
    ),
  path: textLike(isSocketPath, 'must be a path such as /upload-streams, without a slash at its end, and not /socket.io')
    .default('/upload-streams')
    .describe(
      'Path at which clients connect, for Socket.IO and protocol 1. Several upload areas of an application need different ' +
        'paths.',
    ),
  basePath: textLike(isBasePath, 'must be a path such as /uploads, without a slash at its end')
    .default('')
    .describe(
      'Path below which a proxy makes the application reachable, such as `/uploads`. It works whether or not the proxy ' +
        'removes it from requests.',
    ),
  maxFileBytes: byteCount(0, MAX_FILE_BYTES)
    .default(MAX_FILE_BYTES)
    .describe('Size of the largest file; the protocol allows up to 2^53 - 1 bytes.'),
  allowedTypes: z
    .array(mimeType, MIME_TYPES)
    .readonly()
    .default([])
    .describe('MIME types that are accepted, as clients name them, for example `image/*`. An empty list accepts any.'),
  maxChunkBytes: byteCount(MIN_CHUNK_BYTES, MAX_CHUNK_BYTES)
    .default(4 * MIB)
    .describe('Size of the largest chunk.'),
  windowBudgetBytes: byteCount(MIB)
    .default(64 * MIB)
    .describe('Bytes that all uploads together may have in flight.'),
  maxWindowBytes: byteCount(MIN_CHUNK_BYTES)
    .default(16 * MIB)
    .describe('Bytes that one upload may have in flight.'),
  maxSessionsPerConnection: count(1, 1_000_000).default(256).describe('Unfinished uploads of one connection.'),
  sessionTtlMs: milliseconds(1)
    .default(DAY_MS)
    .describe('An unfinished upload is removed after this time without progress.'),
  quarantineTtlMs: milliseconds(0)
    .default(7 * DAY_MS)
    .describe('Orphaned bytes of unfinished uploads are quarantined, and removed after this time.'),
  adoptStore: flag()
    .default(false)
    .describe(
      'Start even if the catalogue and the stored files do not belong together, and pair them from then on. Nothing is ' +
        'removed, but files that are not in the catalogue are not listed.',
    ),
  durability: oneOf(DURABILITIES)
    .default('checkpoint')
    .describe(
      'When written bytes are synced (`fsync`): `chunk` before each ack, `checkpoint` every 64 MiB and when a connection ' +
        'ends, `complete` only at the end. A completed file is always synced before its client is told.',
    ),
  sha256: flag()
    .default(true)
    .describe(
      'Compute the SHA-256 of each file as it is read back. Without it, files are verified by CRC-32 alone, which saves ' +
        "up to a quarter of the gateway's CPU.",
    ),
  fastPaths: flag()
    .default(true)
    .describe(
      'Assemble large messages without `ws`, and free the memory of chunks at once. With `false`, `apps/api` also leaves V8 ' +
        'and the allocator as they are. Set it to `false` to rule these out when debugging; the limits apply in either case.',
    ),
  shutdownGraceMs: milliseconds(0, HOUR_MS).default(10_000).describe('How long a shutdown waits for work in progress.'),
  reconnectInMs: milliseconds(0, HOUR_MS)
    .default(1000)
    .describe('How long clients are told to wait before they reconnect, when the gateway shuts down.'),
  fileUrl: z
    .custom<(fileId: string) => string>((value) => typeof value === 'function', 'must be a function')
    .default(() => defaultFileUrl)
    .describe(
      'Returns the URL at which the application serves a file, where it does not use `UploadHttpModule`, whose route is known. ' +
        'Without both, `/api/files/{fileId}`.',
    ),
});

export type UploadModuleOptions = Readonly<z.input<typeof uploadOptionsSchema>>;

export type ResolvedUploadOptions = Readonly<z.output<typeof uploadOptionsSchema>>;

export const UPLOAD_DEFAULTS: ResolvedUploadOptions = uploadOptionsSchema.parse({});

/** The options with their defaults. Throws a RangeError that names each option that can't be used. */
export function resolveUploadOptions(options: UploadModuleOptions): ResolvedUploadOptions {
  return resolveOptions('UploadModule', uploadOptionsSchema, options);
}

/** The data folder, for a store that needs one. Throws a RangeError if none is given. */
export function requireDataDir({ dataDir }: Pick<ResolvedUploadOptions, 'dataDir'>): string {
  if (dataDir !== undefined) return dataDir;
  throw new RangeError('UploadModule: dataDir must name a folder, unless bytes and sessions are both kept elsewhere');
}

/** `/socket.io` is left to the application, and to the original workflow. */
function isSocketPath(text: string): boolean {
  return text !== '' && isBasePath(text) && !`${text}/`.startsWith('/socket.io/');
}

/** Clients resolve `.` and `..`, so their requests would never come there. */
function isBasePath(text: string): boolean {
  return /^(\/(?!\.\.?(\/|$))[\w.~-]+)*$/.test(text);
}

function isProxy(text: string): boolean {
  try {
    trustProxies([text]);
    return true;
  } catch {
    return false;
  }
}
