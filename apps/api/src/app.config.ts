import {
  factsOf,
  rangeText,
  redisOptionsSchema,
  s3OptionsSchema,
  uploadOptionsSchema,
  type ResolvedRedisOptions,
  type ResolvedS3Options,
  type ResolvedUploadOptions,
  type UploadHttpModuleOptions,
} from '@upload-streams/nest/options';
import { resolve } from 'node:path';
import { serverOptionsSchema, type ServerOptions } from './config/server-options.js';
import { isRequired, USED_WITH, VARIABLES, type OptionSet, type Variable } from './config/variables.js';

/** The options of this process, with their defaults. */
export interface Settings {
  readonly server: ServerOptions;
  readonly upload: ResolvedUploadOptions;
  readonly http: UploadHttpModuleOptions;
  /** undefined: bytes are kept in the data folder. */
  readonly s3: ResolvedS3Options | undefined;
  /** undefined: sessions and the catalogue are kept in the data folder. */
  readonly redis: ResolvedRedisOptions | undefined;
}

type Given = Readonly<Record<OptionSet, Readonly<Record<string, unknown>>>>;

/** What a variable says: the value of its option, or what is wrong with it. */
interface Reading {
  readonly name: string;
  readonly variable: Variable;
  readonly value?: unknown;
  readonly problem?: string;
}

/** Settings from the environment. Throws one sentence that names every variable that can't be used, its value and the remedy. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Settings {
  const readings = Object.entries<Variable>(VARIABLES).map(([name, variable]) =>
    // An empty variable is what compose files pass for one that is not set.
    readVariable(name, variable, variables[name] || variable.fallback),
  );
  throwIfAny(readings.flatMap(({ problem }) => problem ?? []));
  const given = givenBy(readings);
  const server = serverOptionsSchema.parse(given.server);
  throwIfAny([...missing(readings, server), ...contradictions(server, given)]);
  const s3 = server.storage === 's3' ? s3OptionsSchema.parse(given.s3) : undefined;
  const redis = server.sessionStore === 'redis' ? redisOptionsSchema.parse(given.redis) : undefined;
  const { dataDir = '', ...upload } = uploadOptionsSchema.parse(given.upload);
  // Nothing is kept in the data folder if bytes and sessions are both kept elsewhere.
  const http: UploadHttpModuleOptions = given.http;
  return { server, http, s3, redis, upload: s3 && redis ? upload : { ...upload, dataDir: resolve(dataDir) } };
}

function throwIfAny(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(`The environment can't be used: ${problems.join('; ')}.`);
}

function readVariable(name: string, variable: Variable, text: string | undefined): Reading {
  if (text === undefined) return { name, variable };
  const value = variable.notation.read(text);
  const { success, data, error } = variable.schema.safeParse(value);
  if (value !== undefined && success) return { name, variable, value: data };
  const requirement = requirementOf(variable, error?.issues[0]?.message);
  return { name, variable, problem: `${name} ${withoutPasswords(requirement)}, not ${shown(text, variable)}` };
}

const LONGEST_SHOWN = 100;

function shown(text: string, { secret }: Variable): string {
  return secret
    ? 'what it is (it may contain a password)'
    : JSON.stringify(withoutPasswords(text).slice(0, LONGEST_SHOWN));
}

/** Somebody may have put a URL with a password into any variable. */
const withoutPasswords = (text: string): string => text.replace(/\/\/[^\s/@]*@/g, '//***@');

/** In the notation of the variable, where the schema speaks of bytes and milliseconds. */
function requirementOf({ notation, schema }: Variable, message: string | undefined): string {
  const { form, example, write } = notation;
  const { lowest, highest } = factsOf(schema);
  if (lowest === undefined || highest === undefined) return message ?? `must be ${form}`;
  return `must be ${form} ${rangeText(lowest, highest, write)}${example ? `, ${example}` : ''}`;
}

function givenBy(readings: readonly Reading[]): Given {
  const optionsOf = (set: OptionSet) =>
    Object.fromEntries(
      readings
        .filter(({ variable, value }) => variable.set === set && value !== undefined)
        .map(({ variable, value }) => [variable.option, value]),
    );
  return {
    server: optionsOf('server'),
    upload: optionsOf('upload'),
    http: optionsOf('http'),
    s3: optionsOf('s3'),
    redis: optionsOf('redis'),
  };
}

/** Variables that are not set, although the chosen stores need them. */
function missing(readings: readonly Reading[], { storage, sessionStore }: ServerOptions): readonly string[] {
  const stores: readonly string[] = [storage, sessionStore];
  return readings
    .filter(({ variable, value }) => stores.includes(variable.set) && value === undefined && isRequired(variable))
    .map(({ name, variable }) => `${name} must be set for ${USED_WITH[variable.set]}`);
}

/** Below such a path, nobody could tell whether a proxy has removed BASE_PATH from a request. */
const SERVED = ['/api/files', '/api/tus', '/health', '/metrics', '/upload-streams', '/socket.io'];

/** What one variable demands of another, or of what is served. */
function contradictions({ storage, sessionStore }: ServerOptions, { s3, upload }: Given): readonly string[] {
  const base = `${String(upload['basePath'] ?? '')}/`;
  const served = SERVED.find((path) => base !== '/' && (base.startsWith(`${path}/`) || `${path}/`.startsWith(base)));
  const rules: readonly (readonly [boolean, string])[] = [
    [served !== undefined, `BASE_PATH must not overlap with ${served}, which the gateway serves itself`],
    [storage !== 's3' && s3['presignDownloads'] === true, 'DOWNLOADS can be presigned for STORAGE=s3 only'],
    [
      sessionStore === 'redis' && storage === 'disk',
      'STORAGE must be s3 for SESSION_STORE=redis: gateways that share sessions share the bytes',
    ],
  ];
  return rules.flatMap(([applies, sentence]) => (applies ? [sentence] : []));
}
