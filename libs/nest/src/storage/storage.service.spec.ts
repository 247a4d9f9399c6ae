import { describe, expect, it } from '@jest/globals';
import type { StorageBackend } from '../contracts/storage-backend.js';
import { fileOf, sessionOf } from '../testing/session-records.js';
import { StorageService } from './storage.service.js';

describe('StorageService, on a back end without capabilities,', () => {
  const service = new StorageService({ check: async () => undefined } as StorageBackend);
  const file = fileOf(sessionOf(1));

  it('finds no orphaned bytes, and leaves all bytes where they are', async () => {
    expect(await service.unfinished()).toEqual([]);
    expect(await service.quarantined()).toEqual([]);
    await service.quarantine(file.fileId);
    await service.purge({ fileId: file.fileId, since: 0 });
  });

  it('has no records and no ID', async () => {
    await service.saveRecord(file);
    await service.removeRecord(file.fileId);
    expect(await service.records()).toEqual([]);
    await service.setIdentity('first');
    expect(await service.identity()).toBeUndefined();
  });

  it('has room for everything, and no URL for downloads', async () => {
    await service.reserve(file.fileId, Number.MAX_SAFE_INTEGER);
    await service.check();
    expect(await service.presignedUrl(file, { disposition: 'attachment', type: file.type })).toBeUndefined();
  });
});
