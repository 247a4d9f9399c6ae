import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStorageBackend } from '../testing/describe-storage-backend.js';
import { DiskStorage } from './disk-storage.js';

describeStorageBackend('DiskStorage', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'disk-storage-'));
  return {
    backend: new DiskStorage(folder),
    reopen: async () => new DiskStorage(folder),
    close: () => rm(folder, { recursive: true }),
  };
});
