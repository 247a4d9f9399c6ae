import { fileURLToPath } from 'node:url';
import type { Contender } from './contender.ts';
import { beside } from './upload-streams/beside.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const script = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const ofFolder = (name: string): Contender => ({
  name,
  server: script(`./${name}/server.ts`),
  client: script(`./${name}/client.ts`),
  stored: (id) => id,
});

/** The gateway as users start it. */
const uploadStreams: Contender = {
  ...ofFolder('upload-streams'),
  server: script('../../../apps/api/dist/main.js'),
  stored: (id) => `files/${id}`,
};

const tus = (name: string, settings: Contender['settings']): Contender => ({ ...ofFolder('tus'), name, settings });

const put = (name: string, readBytes: number): Contender => ({
  ...ofFolder('put'),
  name,
  serverEnv: { READ_BYTES: String(readBytes) },
  settings: { readBytes },
});

/** The same from a page in a real Chromium. */
const inBrowser = (contender: Contender): Contender => ({
  ...contender,
  name: `${contender.name} in Chromium`,
  // The page is served from another origin.
  serverEnv: { ...contender.serverEnv, CORS_ORIGINS: '*' },
  client: contender.client.replace(/client\.ts$/, 'browser.ts'),
});

export const OURS = 'upload-streams';
export const OURS_IN_BROWSER = `${OURS} in Chromium`;

export const OURS_NOT_DURABLE = 'upload-streams (no fsync)';

/** Without everything that README's FAST_PATHS switches off. */
export const OURS_WITHOUT_FAST_PATHS = 'upload-streams (no fast paths)';

/** A stored file is read back and compared by CRC-32 only. */
export const OURS_WITHOUT_SHA256 = 'upload-streams (no SHA-256)';

const withoutSha256: Contender = { ...uploadStreams, name: OURS_WITHOUT_SHA256, serverEnv: { SHA256: 'false' } };

const withoutFsync = new URL('./upload-streams/without-fsync.mjs', import.meta.url).href;

export const CONTENDERS: readonly Contender[] = [
  uploadStreams,
  withoutSha256,
  { ...uploadStreams, name: OURS_WITHOUT_FAST_PATHS, serverEnv: { FAST_PATHS: 'false' } },
  { ...uploadStreams, name: OURS_NOT_DURABLE, serverEnv: { NODE_OPTIONS: `--import=${withoutFsync}` } },
  tus('tus-patch', {}),
  tus('tus-8MiB', { chunkSize: 8 * MIB }),
  tus('tus-1MiB', { chunkSize: MIB }),
  tus('tus-4-parallel', { parallelUploads: 4 }),
  put('put', 64 * KIB),
  put('put-1MiB', MIB),
  { ...ofFolder('ws'), connectionPerUpload: true },
  ofFolder('original'),
  ...[uploadStreams, withoutSha256, tus('tus-patch', {}), put('put', 64 * KIB)].map(inBrowser),
];

/** The built gateway and client of another checkout, for comparing a change with the state before it. */
export const besideOf = (checkout: string): Contender => beside(uploadStreams, checkout);

export function contenderNamed(name: string, contenders: readonly Contender[]): Contender {
  const found = contenders.find((contender) => contender.name === name);
  if (found) return found;
  throw new RangeError(`There is no contender ${name}; there are ${contenders.map((c) => c.name).join(', ')}.`);
}
