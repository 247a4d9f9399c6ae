import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { StoreIdentity } from '../../contracts/storage-backend.js';
import { syncFolder } from './folder-sync.js';

/** The random ID of a data folder, in a file of its own: `store-id`. */
export class DiskIdentity implements StoreIdentity {
  private readonly path: string;

  constructor(private readonly dataDir: string) {
    this.path = join(dataDir, 'store-id');
  }

  async read(): Promise<string | undefined> {
    try {
      return (await readFile(this.path, 'utf8')).trim() || undefined;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** All or nothing. */
  async save(id: string): Promise<void> {
    const file = await open(`${this.path}.new`, 'w', 0o600);
    try {
      await file.writeFile(`${id}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${this.path}.new`, this.path);
    await syncFolder(this.dataDir);
  }
}
