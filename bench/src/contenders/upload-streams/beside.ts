import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Contender } from '../contender.ts';

/** The gateway and the client of another checkout of this repository. Throws where they are not built. */
export function beside(ours: Contender, checkout: string): Contender {
  const root = resolve(checkout);
  const server = join(root, 'apps/api/dist/main.js');
  if (!existsSync(server)) throw new RangeError(`There is no built gateway at ${server}.`);
  const clientModule = createRequire(server).resolve('@upload-streams/client/node');
  return {
    ...ours,
    name: `${ours.name} (beside)`,
    server,
    settings: { clientModule: pathToFileURL(clientModule).href },
  };
}
