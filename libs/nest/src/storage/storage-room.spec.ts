import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Capacity } from '../contracts/storage-backend.js';
import { StorageRoom } from './storage-room.js';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** A medium of which the test says how much is free. */
class Medium {
  free = 0;

  constructor(private readonly total: number) {}

  async capacity(): Promise<Capacity> {
    return { freeBytes: this.free, totalBytes: this.total };
  }
}

describe('StorageRoom', () => {
  let now: number;
  let disk: Medium;
  let room: StorageRoom;
  const full = { code: 'STORAGE_FULL', recovery: 'retry' };

  beforeEach(() => {
    now = 0;
    disk = new Medium(100 * GIB);
    disk.free = 10 * GIB + 64 * MIB;
    room = new StorageRoom(disk, () => now);
  });

  const write = async (fileId: string, bytes: number) => {
    await room.take(fileId, bytes);
    disk.free -= bytes;
  };

  it('promises no byte twice: of two uploads of 6 GB on 10 GB, the second one waits', async () => {
    await room.reserve('first', 6 * GIB);
    await expect(room.reserve('second', 6 * GIB)).rejects.toMatchObject(full);
    await write('first', 6 * GIB);
    await expect(room.reserve('second', 6 * GIB)).rejects.toMatchObject(full);
    await expect(room.reserve('small', 4 * GIB)).resolves.toBeUndefined();
  });

  it('promises the room of an upload that ended to others', async () => {
    await room.reserve('first', 6 * GIB);
    room.release('first');
    await expect(room.reserve('second', 6 * GIB)).resolves.toBeUndefined();
  });

  it('keeps a promise from an upload that does not say how much will come', async () => {
    await room.reserve('declared', 6 * GIB);
    await room.reserve('stream', 0);
    await write('stream', 4 * GIB);
    await expect(room.take('stream', 1)).rejects.toMatchObject(full);
    await expect(write('declared', 6 * GIB)).resolves.toBeUndefined();
  });

  it('promises room that was promised to one who writes nothing for a minute', async () => {
    await room.reserve('idle', 6 * GIB);
    now = 60_001;
    await expect(room.reserve('second', 6 * GIB)).resolves.toBeUndefined();
    await expect(room.take('idle', 5 * GIB)).rejects.toMatchObject(full);
  });

  it('keeps a hundredth free, of a small medium 1 MiB, and of a large one 64 MiB', async () => {
    for (const [total, kept] of [
      [8 * MIB, MIB],
      [1000 * MIB, 10 * MIB],
      [100 * GIB, 64 * MIB],
    ] as const) {
      const medium = new Medium(total);
      const small = new StorageRoom(medium);
      medium.free = kept + 1;
      await expect(small.check()).resolves.toBeUndefined();
      await expect(small.take('file', 2)).rejects.toMatchObject(full);
      medium.free = kept - 1;
      await expect(small.check()).rejects.toMatchObject(full);
    }
  });

  it('knows no limit where the store knows none', async () => {
    const endless = new StorageRoom({});
    await endless.reserve('file', 1e15);
    await endless.take('file', 1e15);
    await expect(endless.check()).resolves.toBeUndefined();
  });

  it('lets every upload that was admitted write all of it, whoever begins and goes beside it', async () => {
    const step = fc.record({ who: fc.nat(9), does: fc.constantFrom('begin', 'write', 'end'), gib: fc.nat(8) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        disk.free = 10 * GIB + 64 * MIB;
        const shared = new StorageRoom(disk, () => now);
        const left = new Map<string, number>();
        for (const { who, does, gib } of steps) {
          now += 10;
          const fileId = `file${who}`;
          if (does === 'begin' && !left.has(fileId)) {
            const admitted = await shared.reserve(fileId, gib * GIB).then(
              () => true,
              () => false,
            );
            if (admitted) left.set(fileId, gib * GIB);
          } else if (does === 'write' && left.has(fileId)) {
            const bytes = Math.min(GIB, left.get(fileId)!);
            await shared.take(fileId, bytes);
            disk.free -= bytes;
            left.set(fileId, left.get(fileId)! - bytes);
          } else if (does === 'end') {
            shared.release(fileId);
            left.delete(fileId);
          }
        }
        expect(disk.free).toBeGreaterThanOrEqual(64 * MIB);
      }),
    );
  });
});
