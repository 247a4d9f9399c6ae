import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerOptions } from './config/server-options.js';

/** Explains in one sentence why the gateway can't listen, and which variable to change. */
export function explainListenError(error: unknown, { port, host }: ServerOptions): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Another program uses port ${port} of ${host}. Stop it, or set PORT to another number.`,
    EACCES: `This user may not listen on port ${port}. Set PORT to 1024 or higher, or give the user the right to.`,
    EADDRNOTAVAIL: `HOST is ${host}, which is not an address of this machine. Set it to one of its addresses, or to 0.0.0.0 for all.`,
    ENOTFOUND: `HOST is ${host}, a name without an address. Set it to an address of this machine, or to 0.0.0.0 for all.`,
    EAI_AGAIN: `HOST is ${host}, a name without an address. Set it to an address of this machine, or to 0.0.0.0 for all.`,
  };
  return new Error(sentences[code ?? ''] ?? `The gateway can't listen on ${host}:${port} (HOST, PORT): ${message}`, {
    cause: error,
  });
}

/** Throws if the folder has no page to serve. */
export function requirePage(folder: string): void {
  const found = statSync(join(folder, 'index.html'), { throwIfNoEntry: false });
  if (found?.isFile()) return;
  throw new Error(`WEB_DIR is ${folder}, which has no index.html. Build the page (nx build web), or unset WEB_DIR.`);
}
