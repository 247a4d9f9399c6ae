import {
  redisOptionsSchema,
  s3OptionsSchema,
  uploadHttpOptionsSchema,
  uploadOptionsSchema,
} from '@upload-streams/nest/options';
import type { z } from 'zod';
import { either, flag, list, size, text, time, wholeNumber, type Notation } from './notations.js';
import { serverOptionsSchema } from './server-options.js';

export type OptionSet = 'server' | 'upload' | 'http' | 's3' | 'redis';

/** The setting with which the options of a set are used; the others always are. */
export const USED_WITH: Readonly<Partial<Record<OptionSet, string>>> = {
  s3: 'STORAGE=s3',
  redis: 'SESSION_STORE=redis',
};

/** An environment variable: which option it sets, and how its value is written. Everything else is in the option's schema. */
export interface Variable {
  readonly set: OptionSet;
  readonly option: string;
  readonly schema: z.ZodType;
  readonly notation: Notation<unknown>;
  /** Whether its value may contain a password, and is never shown. */
  readonly secret?: true;
  /** The default of this application, where the option has none. */
  readonly fallback?: string | undefined;
}

const server = variablesOf('server', serverOptionsSchema);
const upload = variablesOf('upload', uploadOptionsSchema);
const http = variablesOf('http', uploadHttpOptionsSchema);
const s3 = variablesOf('s3', s3OptionsSchema);
const redis = variablesOf('redis', redisOptionsSchema);

/** The environment. `npm run docs` writes the table in README.md from it. */
export const VARIABLES = {
  PORT: server('port', wholeNumber),
  HOST: server('host', text),
  DATA_DIR: upload('dataDir', text, './data'),
  WEB_DIR: server('webDir', text),
  BASE_PATH: upload('basePath', text),
  PUBLIC_URL: http('publicUrl', text),
  CORS_ORIGINS: upload('allowedOrigins', list),
  TRUSTED_PROXIES: upload('trustedProxies', list),
  ORIGINAL_WORKFLOW: server('originalWorkflow', flag),
  MAX_FILE_SIZE: upload('maxFileBytes', size),
  ALLOWED_TYPES: upload('allowedTypes', list),
  MAX_CHUNK_SIZE: upload('maxChunkBytes', size),
  WINDOW_BUDGET: upload('windowBudgetBytes', size),
  MAX_SESSIONS_PER_CONNECTION: upload('maxSessionsPerConnection', wholeNumber),
  SESSION_TTL: upload('sessionTtlMs', time),
  QUARANTINE_TTL: upload('quarantineTtlMs', time),
  ADOPT_STORE: upload('adoptStore', flag),
  DURABILITY: upload('durability', text),
  SHA256: upload('sha256', flag),
  FAST_PATHS: upload('fastPaths', flag),
  SHUTDOWN_GRACE: upload('shutdownGraceMs', time),
  STORAGE: server('storage', text),
  S3_BUCKET: s3('bucket', text),
  S3_CREATE_BUCKET: s3('createBucket', flag),
  S3_PREFIX: s3('prefix', text),
  S3_REGION: s3('region', text),
  S3_ENDPOINT: s3('endpoint', text),
  S3_PATH_STYLE: s3('pathStyle', flag),
  S3_CHECKSUMS: s3('checksums', text),
  S3_MEMORY: s3('memoryBytes', size),
  DOWNLOADS: s3('presignDownloads', either('proxy', 'presigned')),
  SESSION_STORE: server('sessionStore', text),
  REDIS_URL: { ...redis('url', text), secret: true },
} satisfies Record<string, Variable>;

/** What an option takes, whatever narrower type its schema has. */
type Wide<Value> = Value extends string
  ? string
  : Value extends number
    ? number
    : Value extends boolean
      ? boolean
      : Value extends readonly string[]
        ? readonly string[]
        : never;

export const isRequired = ({ schema }: Variable): boolean => !schema.safeParse(undefined).success;

function variablesOf<Shape extends z.ZodRawShape>(set: OptionSet, { shape }: z.ZodObject<Shape>) {
  return <Option extends string & keyof Shape>(
    option: Option,
    notation: Notation<Wide<z.output<Shape[Option]>>>,
    fallback?: string,
  ): Variable => ({ set, option, schema: shape[option] as unknown as z.ZodType, notation, fallback });
}
