import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { crc32 } from 'node:zlib';
import { fileOf, sessionOf } from './session-records.js';
import type { StorageBackend } from '../contracts/storage-backend.js';

/** A back end to be tested. */
export interface StorageBackendFixture {
  readonly backend: StorageBackend;
  /** The same storage, opened anew as after a restart. */
  reopen(): Promise<StorageBackend>;
  close(): Promise<void>;
}

/** Where an upload begins, and where it goes on of which nothing is known to be durable. */
const START = { offset: 0, crc32: 0 };

const text = (value: string) => new TextEncoder().encode(value);

/** The duties of every storage back end. */
export function describeStorageBackend(name: string, create: () => Promise<StorageBackendFixture>): void {
  describe(name, () => {
    let fixture: StorageBackendFixture;
    const file = { fileId: 'a1b2', fileName: 'report.txt' };

    beforeEach(async () => {
      fixture = await create();
      await fixture.backend.prepare();
    });
    afterEach(() => fixture.close());

    const write = async (content: string) => {
      const partial = await fixture.backend.create(file);
      await partial.append(0, text(content));
      return partial;
    };
    const store = async (content: string) => {
      const partial = await write(content);
      await partial.complete();
      await partial.close();
    };
    const contentOf = async (range?: { start: number; end: number }) =>
      String(await buffer(fixture.backend.read(file, range)));

    it('starts with an empty partial file', async () => {
      const partial = await fixture.backend.create(file);
      expect(partial.size).toBe(0);
      await partial.close();
    });

    it('gives back what was appended, once it is complete', async () => {
      const partial = await write('Hello, ');
      await partial.append(7, text('world'));
      await partial.complete();
      await partial.close();
      expect(await contentOf()).toBe('Hello, world');
    });

    it('stores a file that came whole, and gives the digests of what is stored', async () => {
      const content = text('Hello, world');
      const sha256 = createHash('sha256').update(content).digest('hex');
      expect(await fixture.backend.put(file, content)).toEqual({ size: 12, crc32: crc32(content), sha256 });
      expect(await contentOf()).toBe('Hello, world');
    });

    it('gives the memory of appended bytes back when it needs them no more', async () => {
      const partial = await fixture.backend.create(file);
      const bytes = new Uint8Array(100_000).fill(7);
      await partial.append(0, bytes);
      await partial.digest(100_000);
      await partial.complete();
      await partial.close();
      expect(bytes).toHaveLength(0);
      expect(await contentOf()).toBe('\u0007'.repeat(100_000));
    });

    it('stores an empty file that came whole', async () => {
      expect(await fixture.backend.put(file, text(''))).toMatchObject({ size: 0, crc32: 0 });
      expect(await contentOf()).toBe('');
    });

    it('stores many files that come whole at once', async () => {
      const files = Array.from({ length: 50 }, (_, n) => ({ fileId: `f${n}`, fileName: 'a.txt' }));
      await Promise.all(files.map((one, n) => fixture.backend.put(one, text(`file ${n}`))));
      const contents = await Promise.all(files.map(async (one) => String(await buffer(fixture.backend.read(one)))));
      expect(contents).toEqual(files.map((_, n) => `file ${n}`));
    });

    it('removes a file that came whole and that its caller has no use for', async () => {
      await fixture.backend.put(file, text('Hello, world'));
      await fixture.backend.remove(file.fileId);
      await expect(contentOf()).rejects.toThrow();
      expect(await fixture.backend.hasFiles()).toBe(false);
    });

    it('gives a range of a file, both ends included', async () => {
      await store('Hello, world');
      expect(await contentOf({ start: 7, end: 8 })).toBe('wo');
    });

    it('stores a file of no bytes', async () => {
      await store('');
      expect(await contentOf()).toBe('');
    });

    it('shows nothing of a file that is not complete', async () => {
      const partial = await write('half');
      await expect(contentOf()).rejects.toThrow();
      await partial.close();
    });

    it('goes on after a restart from what it holds', async () => {
      const partial = await write('Hello, ');
      await partial.sync();
      await partial.close();
      const again = await (await fixture.reopen()).open(file, { offset: 7, crc32: crc32('Hello, ') });
      expect(again.size).toBe(7);
      expect(String(await buffer(again.read(3)))).toBe('lo, ');
      await again.append(7, text('world'));
      await again.complete();
      await again.close();
      expect(await contentOf()).toBe('Hello, world');
    });

    it('takes a completed file for a partial one again, if its completion was not saved', async () => {
      await store('Hello');
      const again = await fixture.backend.open(file, START);
      expect(again.size).toBe(5);
      await again.complete();
      await again.close();
      expect(await contentOf()).toBe('Hello');
    });

    it('leaves nothing of a partial file that is discarded', async () => {
      const partial = await write('half');
      await partial.discard();
      const anew = await fixture.backend.open(file, START);
      expect(anew.size).toBe(0);
      await anew.close();
    });

    it('leaves nothing of an upload that nobody has open and that is discarded', async () => {
      const partial = await write('half');
      await partial.close();
      await fixture.backend.discard(file.fileId);
      const anew = await fixture.backend.open(file, START);
      expect(anew.size).toBe(0);
      await anew.close();
    });

    it('reads a completed file back and hashes it', async () => {
      for (const size of [0, 6, 1_000_000]) {
        const content = Buffer.alloc(size, 'upload');
        const stored = { ...file, fileId: `stored-of-${size}` };
        await fixture.backend.put(stored, Uint8Array.from(content));
        const sha256 = createHash('sha256').update(content).digest('hex');
        expect(await fixture.backend.digest(stored)).toEqual({ size, crc32: crc32(content), sha256 });
      }
    });

    it('knows how large a completed file is, and whether it is there', async () => {
      expect(await fixture.backend.sizeOf(file)).toBeUndefined();
      await store('Hello');
      expect(await fixture.backend.sizeOf(file)).toBe(5);
    });

    it('says that a file is not there', async () => {
      await expect(contentOf()).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(contentOf({ start: 1, end: 2 })).rejects.toMatchObject({ code: 'ENOENT' });
      await expect(fixture.backend.digest(file)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('removes a file, and does not mind if it is gone', async () => {
      await store('Hello');
      await fixture.backend.remove(file.fileId);
      await fixture.backend.remove(file.fileId);
      await expect(contentOf()).rejects.toThrow();
    });

    it('reads back and hashes what it holds', async () => {
      for (const size of [6, 1_000_000]) {
        const content = Buffer.alloc(size, 'upload');
        const partial = await fixture.backend.create({ ...file, fileId: `digest-of-${size}` });
        await partial.append(0, Uint8Array.from(content));
        const sha256 = createHash('sha256').update(content).digest('hex');
        expect(await partial.digest(size)).toEqual({ size, crc32: crc32(content), sha256 });
        await partial.close();
      }
    });

    it('drops what lies beyond the end, as a failed append may leave it', async () => {
      const partial = await write('Hello, rubbish');
      expect(await partial.digest(5)).toMatchObject({ size: 5, crc32: crc32('Hello') });
      await partial.complete();
      await partial.close();
      expect(await contentOf()).toBe('Hello');
    });

    it('never touches a completed file when unfinished bytes of its ID are removed', async () => {
      await store('Hello');
      await fixture.backend.discard(file.fileId);
      expect(await contentOf()).toBe('Hello');
    });

    describe('unfinished bytes', () => {
      const HALF = 'c3d4'.repeat(8);
      const HALF_FILE = { fileId: HALF, fileName: 'half.txt' };

      beforeEach(async () => {
        const stored = { fileId: 'a1b2'.repeat(8), fileName: 'report.txt' };
        await fixture.backend.put(stored, text('Hello'));
        const half = await fixture.backend.create(HALF_FILE);
        await half.append(0, text('half'));
        await half.sync();
        await half.close();
      });

      it('are listed, and completed files and what others wrote are not', async () => {
        const foreign = await fixture.backend.create({ ...HALF_FILE, fileId: 'made-by-another' });
        await foreign.append(0, text('half'));
        await foreign.sync();
        await foreign.close();
        expect(await fixture.backend.unfinished()).toEqual([HALF]);
      });

      it('are set aside, and removed from there', async () => {
        const before = Date.now();
        await fixture.backend.quarantine(HALF);
        expect(await fixture.backend.unfinished()).toEqual([]);
        const [entry, ...others] = await (await fixture.reopen()).quarantined();
        expect(others).toEqual([]);
        expect(entry).toMatchObject({ fileId: HALF });
        expect(entry!.since).toBeGreaterThanOrEqual(before);
        await fixture.backend.purge(entry!);
        expect(await fixture.backend.quarantined()).toEqual([]);
        const anew = await fixture.backend.open(HALF_FILE, START);
        expect(anew.size).toBe(0);
        await anew.close();
      });

      it('are there again for an upload that goes on after all', async () => {
        await fixture.backend.quarantine(HALF);
        const again = await (await fixture.reopen()).open(HALF_FILE, { offset: 4, crc32: crc32('half') });
        expect(again.size).toBe(4);
        await again.complete();
        await again.close();
        for (const entry of await fixture.backend.quarantined()) await fixture.backend.purge(entry);
        expect(String(await buffer(fixture.backend.read(HALF_FILE)))).toBe('half');
      });
    });

    it('keeps the records of files beside them, until they are forgotten', async () => {
      const [first, second] = [1, 2].map((number) => fileOf(sessionOf(number, { fileId: `${number}`.repeat(32) })));
      await Promise.all([first!, second!].map((record) => fixture.backend.saveRecord(record)));
      await fixture.backend.removeRecord(first!.fileId);
      expect(await (await fixture.reopen()).records()).toEqual([second]);
    });

    it('finds all completed files that it wrote, and nothing else', async () => {
      const kept = { fileId: 'a1b2'.repeat(8), fileName: 'report.txt' };
      await fixture.backend.put(kept, text('Hello'));
      await (await write('half')).close();
      const found = [];
      for await (const one of fixture.backend.completedFiles()) found.push(one);
      expect(found).toEqual([expect.objectContaining({ fileId: kept.fileId, size: 5 })]);
    });

    it('keeps an ID, and knows whether it has files', async () => {
      expect(await fixture.backend.identity()).toBeUndefined();
      expect(await fixture.backend.hasFiles()).toBe(false);
      await fixture.backend.setIdentity('first');
      await fixture.backend.setIdentity('second');
      expect(await (await fixture.reopen()).identity()).toBe('second');
      await fixture.backend.put({ fileId: 'a1b2'.repeat(8), fileName: 'report.txt' }, text('Hello'));
      expect(await fixture.backend.hasFiles()).toBe(true);
    });

    it('says that it works', async () => {
      await expect(fixture.backend.check()).resolves.toBeUndefined();
    });
  });
}
