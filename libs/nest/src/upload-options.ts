import { MAX_CHUNK_BYTES, MAX_FILE_BYTES, MIN_CHUNK_BYTES } from '@upload-streams/protocol';

/** The token of the resolved options (`ResolvedUploadOptions`). */
export const UPLOAD_OPTIONS = Symbol('UPLOAD_OPTIONS');

const MIB = 1024 * 1024;

/**
 * When what was written is synced (`fsync`), and so survives a crash of the machine; a crash of the process never loses
 * what was acknowledged. `chunk`: before each ack. `checkpoint`: every 64 MiB, beside the upload, and when a connection
 * ends. `complete`: at the end only. In each, a completed file is synced before anyone is told.
 */
export type Durability = (typeof DURABILITIES)[number];

export const DURABILITIES = ['chunk', 'checkpoint', 'complete'] as const;

/** How the gateway of an application works. */
export interface UploadModuleOptions {
  /** Folder for files, unfinished uploads and the catalogue. It is made where it is missing. One process at a time uses it. */
  readonly dataDir: string;
  /**
   * Origins whose pages may connect beside the gateway's own, for example `https://app.example.com`; `*` allows any.
   * Clients that send no Origin (Node) always may. @default []
   */
  readonly allowedOrigins?: readonly string[];
  /** The largest file, in bytes. @default 2^53 - 1 */
  readonly maxFileBytes?: number;
  /** MIME types that are taken, for example `image/*` or `application/pdf`; none given allows any. @default [] */
  readonly allowedTypes?: readonly string[];
  /** The largest chunk, in bytes: 64 KiB to 16 MiB. @default 4 MiB */
  readonly maxChunkBytes?: number;
  /** Bytes that all uploads together may have in flight, shared among them; 1 MiB or more. @default 64 MiB */
  readonly windowBudgetBytes?: number;
  /** Bytes that one upload may have in flight; 64 KiB or more. @default 16 MiB */
  readonly maxWindowBytes?: number;
  /** Unfinished uploads of one connection; 1 or more. @default 256 */
  readonly maxSessionsPerConnection?: number;
  /** An unfinished upload without progress is removed after this long, in milliseconds. @default 24 hours */
  readonly sessionTtlMs?: number;
  /**
   * Unfinished bytes that no catalogue knows are set aside, and removed after this long, in milliseconds; 0 or more.
   * @default 7 days
   */
  readonly quarantineTtlMs?: number;
  /**
   * Start although the catalogue and the stored files do not belong together, and take them for each other's from now on.
   * Nothing is removed, but files that the catalogue does not know are not listed. @default false
   */
  readonly adoptStore?: boolean;
  /** When bytes are synced, and so what the `durable` offset of an ack means: see `Durability`. @default 'checkpoint' */
  readonly durability?: Durability;
  /**
   * Whether SHA-256 of each file is computed as it is read back, and told. Without it, what is read back is compared by
   * CRC-32 alone, which saves up to a quarter of the gateway's CPU. @default true
   */
  readonly sha256?: boolean;
  /** How long a shutdown waits for what is in hand, in milliseconds. @default 10_000 */
  readonly shutdownGraceMs?: number;
  /** Told to clients when the gateway shuts down: how long to wait before they come back, in milliseconds. @default 1_000 */
  readonly reconnectInMs?: number;
  /** The URL at which the application serves a file. @default `/api/files/${fileId}` */
  readonly fileUrl?: (fileId: string) => string;
}

export type ResolvedUploadOptions = Required<UploadModuleOptions>;

export const UPLOAD_DEFAULTS = {
  allowedOrigins: [],
  maxFileBytes: MAX_FILE_BYTES,
  allowedTypes: [],
  maxChunkBytes: 4 * MIB,
  windowBudgetBytes: 64 * MIB,
  maxWindowBytes: 16 * MIB,
  maxSessionsPerConnection: 256,
  sessionTtlMs: 24 * 60 * 60 * 1000,
  quarantineTtlMs: 7 * 24 * 60 * 60 * 1000,
  adoptStore: false,
  durability: 'checkpoint',
  sha256: true,
  shutdownGraceMs: 10_000,
  reconnectInMs: 1000,
  fileUrl: (fileId: string) => `/api/files/${fileId}`,
} as const satisfies Omit<UploadModuleOptions, 'dataDir'>;

/** The bounds of the numbers above: lowest and highest. */
const BOUNDS = {
  maxFileBytes: [0, MAX_FILE_BYTES],
  maxChunkBytes: [MIN_CHUNK_BYTES, MAX_CHUNK_BYTES],
  windowBudgetBytes: [MIB, MAX_FILE_BYTES],
  maxWindowBytes: [MIN_CHUNK_BYTES, MAX_FILE_BYTES],
  maxSessionsPerConnection: [1, 1_000_000],
  sessionTtlMs: [1, Number.MAX_SAFE_INTEGER],
  quarantineTtlMs: [0, Number.MAX_SAFE_INTEGER],
  shutdownGraceMs: [0, 3_600_000],
  reconnectInMs: [0, 3_600_000],
} as const;

/** The options with their defaults. Throws a RangeError that names the option which makes no sense. */
export function resolveUploadOptions(options: UploadModuleOptions): ResolvedUploadOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const resolved: ResolvedUploadOptions = {
    ...UPLOAD_DEFAULTS,
    dataDir: options.dataDir,
    ...Object.fromEntries(given),
  };
  if (!resolved.dataDir) throw new RangeError('UploadModule: dataDir must name a folder');
  if (!DURABILITIES.includes(resolved.durability)) {
    throw new RangeError(
      `UploadModule: durability must be one of ${DURABILITIES.join(', ')}, not ${resolved.durability}`,
    );
  }
  for (const [name, [low, high]] of Object.entries(BOUNDS)) {
    const value = resolved[name as keyof typeof BOUNDS];
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new RangeError(`UploadModule: ${name} must be a whole number from ${low} to ${high}, not ${value}`);
    }
  }
  return resolved;
}
