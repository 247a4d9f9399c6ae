import { GatewayProcess } from '@upload-streams/testing';
import { basename } from 'node:path';

const APPS = new URL('../../../', import.meta.url);
const ENTRY = new URL('api/dist/main.js', APPS).pathname;
const WEB_DIR = new URL('web/dist/browser', APPS).pathname;

/** A completed file on the server's disk. */
export interface StoredFile {
  readonly name: string;
  readonly sha256: string;
}

/** Starts the built API with the built page. */
export const startServer = (env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> =>
  GatewayProcess.start({ entry: ENTRY, env: { WEB_DIR, ...env } });

/** The completed files by name. A name may occur more than once. */
export async function storedFiles(server: GatewayProcess): Promise<readonly StoredFile[]> {
  return Object.entries(await server.storedFiles()).map(([path, sha256]) => ({ name: basename(path), sha256 }));
}
