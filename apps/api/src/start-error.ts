import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerOptions } from './config/server-options.js';

/** Says in one sentence why it can't listen, and which variable to change. */
export function explainListenError(error: unknown, { port, host }: ServerOptions): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Another program uses the port ${port} of ${host}. Stop it, or set PORT to another one.`,
    EACCES: `This user may not listen on the port ${port}. Set PORT to one from 1024 on, or allow it.`,
    EADDRNOTAVAIL: `HOST is ${host}, which is no address of this machine. Set it to one, or to 0.0.0.0 for all.`,
    ENOTFOUND: `HOST is ${host}, a name that is not known here. Set it to an address, or to 0.0.0.0 for all.`,
    EAI_AGAIN: `HOST is ${host}, a name that is not known here. Set it to an address, or to 0.0.0.0 for all.`,
  };
  return new Error(sentences[code ?? ''] ?? `It can not listen on ${host}:${port} (HOST, PORT): ${message}`, {
    cause: error,
  });
}

/** Throws where there is no page to be served. */
export function requirePage(folder: string): void {
  const found = statSync(join(folder, 'index.html'), { throwIfNoEntry: false });
  if (found?.isFile()) return;
  throw new Error(
    `WEB_DIR is ${folder}, where there is no index.html. Build the page (nx build web), or unset WEB_DIR.`,
  );
}
