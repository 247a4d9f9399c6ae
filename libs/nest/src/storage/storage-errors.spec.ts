import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { setImmediate } from 'node:timers/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { NOTHING_DURABLE } from '../contracts/records.js';
import type { PartialFile } from '../contracts/partial-file.js';
import type { StorageBackend } from '../contracts/storage-backend.js';
import { StorageService } from './storage.service.js';

const FILE = { fileId: 'a1b2', fileName: 'a.txt' };

const failing = (code: string): AsyncIterable<never> => ({
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(Object.assign(new Error(`it says ${code}`), { code })) }),
});

const serviceOn = (backend: Partial<StorageBackend>) => new StorageService(backend as StorageBackend);

describe('reads of a StorageService', () => {
  let error: jest.SpiedFunction<Logger['error']>;

  beforeEach(() => {
    error = jest.spyOn(Logger.prototype, 'error').mockReturnValue(undefined);
  });
  afterEach(() => error.mockRestore());

  it.each([
    ['ENOENT', 'FILE_NOT_FOUND', 'are missing'],
    ['EIO', 'STORAGE_FAILED', 'can not be read'],
  ])('of a file fail for %s with %s, which is logged once', async (code, expected, sentence) => {
    const service = serviceOn({ read: () => Readable.from(failing(code)) });
    const cause = expect.objectContaining({ code }) as unknown;
    for (let time = 0; time < 3; time++) {
      await expect(buffer(service.read(FILE))).rejects.toMatchObject({ code: expected, cause });
    }
    expect(error).toHaveBeenCalledTimes(1);
    expect(error).toHaveBeenCalledWith(expect.stringContaining(`The bytes of the file a1b2 ${sentence}`));
  });

  it('of a partial file, and of the list of files, fail with STORAGE_FAILED', async () => {
    const partial = { read: () => failing('EIO') } as unknown as PartialFile;
    const service = serviceOn({ open: async () => partial, completedFiles: () => failing('EACCES') });
    const file = await service.open(FILE, NOTHING_DURABLE);
    await expect(buffer(file.read(0))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    const list = service.completedFiles()[Symbol.asyncIterator]();
    await expect(list.next()).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  });

  it('fail where the stream ends before its end', async () => {
    const source = new Readable({ read: () => setImmediate().then(() => source.destroy()) });
    await expect(buffer(serviceOn({ read: () => source }).read(FILE))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
  });

  it.each([
    ['of a whole file', undefined, 6],
    ['of a range', { start: 2, end: 6 }, 4],
  ])('%s fail where there are fewer bytes than the catalogue says', async (_what, range, bytes) => {
    const service = serviceOn({ read: () => Readable.from([Buffer.alloc(bytes)]) });
    await expect(buffer(service.read({ ...FILE, size: 7 }, range))).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    await expect(buffer(service.read({ ...FILE, size: bytes }))).resolves.toHaveLength(bytes);
  });

  it('give all bytes in order, however slowly they are taken, and read little ahead', async () => {
    const chunks = Array.from({ length: 200 }, (_, index) => Buffer.alloc(16 * 1024, index));
    let made = 0;
    function* source() {
      for (const chunk of chunks) {
        made++;
        yield chunk;
      }
    }
    const received: Buffer[] = [];
    let taken = 0;
    const stream = serviceOn({ read: () => Readable.from(source(), { objectMode: false }) }).read(FILE);
    for await (const bytes of stream) {
      taken += received[received.push(bytes as Buffer) - 1]!.length;
      await setImmediate();
      expect(16 * 1024 * made - taken).toBeLessThan(300 * 1024);
    }
    expect(Buffer.concat(received).equals(Buffer.concat(chunks))).toBe(true);
  });

  it('end the source with the stream, and log nothing, where nobody wants more', async () => {
    const source = new Readable({ read: () => void source.push('x') });
    const stream = serviceOn({ read: () => source }).read(FILE);
    for await (const _ of stream) break;
    expect(source.destroyed).toBe(true);
    const unread = serviceOn({ read: () => Readable.from(['x']) }).read(FILE);
    const failed = new Promise((resolve) => unread.once('error', resolve));
    unread.destroy(new Error('the client went away'));
    expect(await failed).toMatchObject({ message: 'the client went away' });
    expect(error).not.toHaveBeenCalled();
  });
});
