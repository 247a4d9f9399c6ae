import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from './folder-sync.js';

const NAME = 'store-id';

/** The random ID of a data folder, in a file of its own; undefined where there is none. */
export async function readIdentity(dataDir: string): Promise<string | undefined> {
  try {
    return (await readFile(join(dataDir, NAME), 'utf8')).trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** All or nothing, and durable when it resolves. */
export async function writeIdentity(dataDir: string, id: string): Promise<void> {
  const path = join(dataDir, NAME);
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(`${id}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  await syncFolder(dataDir);
}
