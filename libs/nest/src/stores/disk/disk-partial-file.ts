import { constants, fstatSync } from 'node:fs';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { uptime } from 'node:os';
import { dirname } from 'node:path';
import type { PartialFile, Persistence, StoredDigest } from '../../contracts/partial-file.js';
import { NOTHING_DURABLE, type Checkpoint } from '../../contracts/records.js';
import type { FreeMemory } from '../../performance/free-memory.js';
import type { GrowingDigest } from '../hashing/digest-thread.js';
import { syncFolder, type SharedFolderSync } from './folder-sync.js';

/** The operating system has what was written, whatever becomes of this process. A disk writes 64 MiB in a moment. */
const PERSISTENCE: Persistence = { survivesProcess: true, syncEveryBytes: 64 * 1024 * 1024 };

/** How much is read at once where a file has to be hashed again: 1 MiB. */
const READ_BYTES = 1024 * 1024;

/** What the files of one store share. */
export interface SharedByFiles {
  readonly filesSync: SharedFolderSync;
  readonly free: FreeMemory;
}

/** An unfinished upload, in a file of its own. */
export class DiskPartialFile implements PartialFile {
  readonly persistence = PERSISTENCE;
  /** When we last wrote, so that a change by another process after the file was hashed is noticed. */
  private writtenAt: bigint | undefined;
  private changedByOthers = false;

  private constructor(
    private readonly handle: FileHandle,
    private readonly path: string,
    private readonly target: string,
    readonly size: number,
    readonly durable: Checkpoint,
    private readonly hashing: GrowingDigest,
    private readonly shared: SharedByFiles,
  ) {}

  /** `target`: where the file goes once it is complete. Its folder is made then. */
  static async open(
    path: string,
    target: string,
    durable: Checkpoint,
    hashing: GrowingDigest,
    shared: SharedByFiles,
  ): Promise<DiskPartialFile> {
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      const size = await soundSize(handle, durable.offset);
      const start = size < durable.offset ? NOTHING_DURABLE : durable;
      return new DiskPartialFile(handle, path, target, size, start, hashing, shared);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async append(offset: number, bytes: Uint8Array): Promise<void> {
    this.noticeChanges();
    const end = offset + bytes.length;
    await this.write(offset, bytes);
    this.shared.free(bytes);
    if (this.hashing.advance(end)) this.writtenAt = this.modifiedAt();
  }

  sync(): Promise<void> {
    return this.handle.datasync();
  }

  /** A file needs nothing beside its bytes to go on from any offset. */
  checkpointSaved(): void {}

  read(start: number): AsyncIterable<Uint8Array> {
    return this.handle.createReadStream({ start, autoClose: false, highWaterMark: READ_BYTES });
  }

  async digest(size: number): Promise<StoredDigest> {
    this.noticeChanges();
    if (this.changedByOthers) this.hashing.discard();
    const { size: stored } = await this.handle.stat();
    if (stored > size) await this.handle.truncate(size);
    return this.hashing.finish(size);
  }

  async complete(): Promise<void> {
    const folder = dirname(this.target);
    await this.handle.sync();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(this.path, this.target);
    await Promise.all([syncFolder(folder), this.shared.filesSync.sync()]);
  }

  async discard(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true });
  }

  close(): Promise<void> {
    this.hashing.discard();
    return this.handle.close();
  }

  /** What a disk took before it was full is removed again: it takes room, and no chunk was acknowledged for it. */
  private async write(offset: number, bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.handle, bytes, offset);
    } catch (error) {
      await this.handle.truncate(offset).catch(() => undefined);
      throw error;
    }
  }

  private noticeChanges(): void {
    if (this.writtenAt !== undefined) this.changedByOthers ||= this.modifiedAt() !== this.writtenAt;
  }

  /** Synchronous: it takes microseconds, less than the way to the thread pool and back. */
  private modifiedAt(): bigint {
    return fstatSync(this.handle.fd, { bigint: true }).mtimeNs;
  }
}

/**
 * How much of a partial file can be relied on. What was written after the last start of the machine is there, whatever
 * became of our process. What was written before and never synced may have been lost in a power cut, and be zeros now.
 */
async function soundSize(handle: FileHandle, durable: number): Promise<number> {
  const { size, mtimeMs } = await handle.stat();
  const machineStartedAt = Date.now() - uptime() * 1000;
  if (size <= durable || mtimeMs >= machineStartedAt) return size;
  await handle.truncate(durable);
  return durable;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, offset + written);
    written += bytesWritten;
  }
}
