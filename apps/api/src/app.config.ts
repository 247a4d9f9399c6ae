import { DURABILITIES, UPLOAD_DEFAULTS, type UploadModuleOptions } from '@upload-streams/nest';
import { MAX_CHUNK_BYTES, MAX_FILE_BYTES, MIN_CHUNK_BYTES } from '@upload-streams/protocol';
import { resolve } from 'node:path';
import { z } from 'zod';

const KIB = 1024;
const MIB = 1024 * KIB;
const UNITS: Record<string, number> = { '': 1, B: 1, KIB, MIB, GIB: 1024 * MIB, TIB: 1024 * 1024 * MIB };
const DURATIONS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A whole number in bounds, written in digits. */
const wholeNumber = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${low} to ${high}`)
    .transform(Number)
    .refine((value) => value >= low && value <= high, `must be a whole number from ${low} to ${high}`);

/** A number of bytes, for example `4MiB` or `1048576`. */
const byteCount = (low: number, high: number) =>
  z
    .string()
    .regex(/^\d+ ?([KMGT]iB|B)?$/i, 'must be a size such as 4MiB or 1048576')
    .transform((text) => Number.parseInt(text, 10) * UNITS[text.replace(/^\d+ ?/, '').toUpperCase()]!)
    .refine((value) => value >= low && value <= high, `must be from ${low} to ${high} bytes`);

/** A span of time, for example `24h`, in milliseconds. */
const duration = (lowMs: number) =>
  z
    .string()
    .regex(/^\d+ ?(ms|s|m|h|d)$/, 'must be a time such as 500ms, 30s, 10m, 24h or 7d')
    .transform((text) => Number.parseInt(text, 10) * DURATIONS[text.replace(/^\d+ ?/, '')]!)
    .refine((value) => value >= lowMs, `must be at least ${lowMs} ms`);

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);

const origin = z.string().refine((text) => text === '*' || (URL.canParse(text) && new URL(text).origin === text), {
  error: 'must be origins such as https://app.example.com, separated by commas, or *',
});

const mimeType = z
  .string()
  .regex(/^[\w.+-]+\/([\w.+-]+|\*)$/, 'must be types such as image/* or application/pdf, separated by commas');

const url = (...protocols: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });

const oneOf = <const Choice extends string>(...choices: readonly [Choice, ...Choice[]]) =>
  z.enum(choices, `must be one of ${choices.join(', ')}`);

const flag = (fallback: boolean) =>
  oneOf('true', 'false')
    .default(fallback ? 'true' : 'false')
    .transform((text) => text === 'true');

/** The environment. README.md has the same table, and a test holds the two together. */
export const environmentSchema = z
  .object({
    /** Port to listen on; 0 lets the system choose. */
    PORT: wholeNumber(0, 65_535).default(3000),
    /** Address to listen on. */
    HOST: z.string().min(1).default('0.0.0.0'),
    /** Folder for files, unfinished uploads and the catalogue. */
    DATA_DIR: z.string().min(1).default('./data'),
    /** Folder of the built page; without it, only the gateway and the API are served. */
    WEB_DIR: z.string().min(1).optional(),
    /** Further origins whose pages may connect. */
    CORS_ORIGINS: list.pipe(z.array(origin)).default([]),
    /** The largest file. */
    MAX_FILE_SIZE: byteCount(0, MAX_FILE_BYTES).default(MAX_FILE_BYTES),
    /** MIME types that are taken; none allows any. */
    ALLOWED_TYPES: list.pipe(z.array(mimeType)).default([]),
    /** The largest chunk. */
    MAX_CHUNK_SIZE: byteCount(MIN_CHUNK_BYTES, MAX_CHUNK_BYTES).default(4 * MIB),
    /** Bytes that all uploads together may have in flight. */
    WINDOW_BUDGET: byteCount(MIB, MAX_FILE_BYTES).default(64 * MIB),
    /** Unfinished uploads of one connection. */
    MAX_SESSIONS_PER_CONNECTION: wholeNumber(1, 1_000_000).default(256),
    /** An unfinished upload without progress is removed after this long. */
    SESSION_TTL: duration(1000).default(DURATIONS['d']!),
    /** Unfinished bytes that no catalogue knows are set aside, and removed after this long. */
    QUARANTINE_TTL: duration(0).default(UPLOAD_DEFAULTS.quarantineTtlMs),
    /** Start although the catalogue and the stored files do not belong together. */
    ADOPT_STORE: flag(UPLOAD_DEFAULTS.adoptStore),
    /** When bytes are synced: before each ack, every 64 MiB, or at the end only. */
    DURABILITY: oneOf(...DURABILITIES).default(UPLOAD_DEFAULTS.durability),
    /** Whether SHA-256 of each file is computed and told, beside CRC-32. */
    SHA256: flag(UPLOAD_DEFAULTS.sha256),
    /** How long a shutdown waits for what is in hand. */
    SHUTDOWN_GRACE: duration(0).default(UPLOAD_DEFAULTS.shutdownGraceMs),
    /** Where the bytes are kept: in DATA_DIR, or in an S3-compatible object store. */
    STORAGE: oneOf('disk', 's3').default('disk'),
    /** The bucket. Credentials come as the AWS SDK finds them, for example from AWS_ACCESS_KEY_ID. */
    S3_BUCKET: z.string().min(1).optional(),
    /** Whether the bucket is made where it is missing. */
    S3_CREATE_BUCKET: flag(false),
    /** What the keys in the bucket begin with. */
    S3_PREFIX: z.string().default(''),
    /** The region; without it, what the AWS SDK finds, for example in AWS_REGION. */
    S3_REGION: z.string().min(1).optional(),
    /** The object store; without it, that of AWS. */
    S3_ENDPOINT: url('http:', 'https:').optional(),
    /** Whether the bucket is in the path of a URL, as most stores beside AWS want it, not in the name of the host. */
    S3_PATH_STYLE: flag(false),
    /** Whether the store computes CRC-32 itself, as AWS does, or is compared by the MD5 in its ETags. */
    S3_CHECKSUMS: oneOf('when_supported', 'when_required').default('when_supported'),
    /** Bytes that all uploads together may have on their way to the object store. */
    S3_MEMORY: byteCount(16 * MIB, MAX_FILE_BYTES).default(64 * MIB),
    /** Downloads from the object store: through the gateway, or by a URL of the store that the browser is sent to. */
    DOWNLOADS: oneOf('proxy', 'presigned').default('proxy'),
    /** Where sessions and the catalogue are kept: in DATA_DIR, or in Redis, for several gateways. */
    SESSION_STORE: oneOf('sqlite', 'redis').default('sqlite'),
    /** Redis, with user and password where it wants them. */
    REDIS_URL: url('redis:', 'rediss:').optional(),
  })
  .superRefine(({ STORAGE, S3_BUCKET, DOWNLOADS, SESSION_STORE, REDIS_URL }, context) => {
    const missing = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    if (STORAGE === 's3' && !S3_BUCKET) missing('S3_BUCKET', 'must be set for STORAGE=s3');
    if (STORAGE !== 's3' && DOWNLOADS === 'presigned') missing('DOWNLOADS', 'can be presigned for STORAGE=s3 only');
    if (SESSION_STORE === 'redis' && !REDIS_URL) missing('REDIS_URL', 'must be set for SESSION_STORE=redis');
    if (SESSION_STORE === 'redis' && STORAGE === 'disk') {
      missing('STORAGE', 'must be s3 for SESSION_STORE=redis: gateways that share sessions share the bytes');
    }
  });

export type Environment = z.infer<typeof environmentSchema>;

/** Typed options from the environment. Throws one sentence a wrong variable, each naming it. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  // An empty variable is what compose files pass for one that is not set.
  const given = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== ''));
  const result = environmentSchema.safeParse(given);
  if (result.success) return result.data;
  const sentences = result.error.issues.map(({ path, message }) => `${String(path[0])} ${message}`);
  throw new Error(`The environment can't be used: ${[...new Set(sentences)].join('; ')}.`);
}

/** What the environment says of uploads. */
export function uploadOptions(environment: Environment): UploadModuleOptions {
  return {
    dataDir: resolve(environment.DATA_DIR),
    allowedOrigins: environment.CORS_ORIGINS,
    maxFileBytes: environment.MAX_FILE_SIZE,
    allowedTypes: environment.ALLOWED_TYPES,
    maxChunkBytes: environment.MAX_CHUNK_SIZE,
    windowBudgetBytes: environment.WINDOW_BUDGET,
    maxSessionsPerConnection: environment.MAX_SESSIONS_PER_CONNECTION,
    sessionTtlMs: environment.SESSION_TTL,
    quarantineTtlMs: environment.QUARANTINE_TTL,
    adoptStore: environment.ADOPT_STORE,
    durability: environment.DURABILITY,
    sha256: environment.SHA256,
    shutdownGraceMs: environment.SHUTDOWN_GRACE,
  };
}
