import { constants, createReadStream } from 'node:fs';
import { access, mkdir, open, readdir, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { ByteRange, PartialFile, StorageBackend, StoredFile } from './storage-backend.js';

/** How much is read at once where a file has to be hashed again: 1 MiB. */
const READ_BYTES = 1024 * 1024;

/**
 * Files on a local disk: `partial/<fileId>` while they grow, `files/<fileId>/<stored name>` once they are complete. A
 * rename within one file system moves them, so that there is never half a file in `files`.
 */
export class DiskStorage implements StorageBackend {
  private readonly partialDir: string;
  private readonly filesDir: string;

  constructor(private readonly dataDir: string) {
    this.partialDir = join(dataDir, 'partial');
    this.filesDir = join(dataDir, 'files');
  }

  async prepare(): Promise<void> {
    await mkdir(this.partialDir, { recursive: true });
    await mkdir(this.filesDir, { recursive: true });
  }

  async open(fileId: string): Promise<PartialFile> {
    const path = join(this.partialDir, fileId);
    await this.takeBack(fileId, path);
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      const { size } = await handle.stat();
      return new DiskPartialFile(handle, path, join(this.filesDir, fileId), size);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async abort(fileId: string): Promise<void> {
    await rm(join(this.partialDir, fileId), { force: true });
    await rm(join(this.filesDir, fileId), { recursive: true, force: true });
  }

  read({ fileId, storedName }: StoredFile, range?: ByteRange): Readable {
    return createReadStream(join(this.filesDir, fileId, storedName), range);
  }

  async remove({ fileId }: StoredFile): Promise<void> {
    await rm(join(this.filesDir, fileId), { recursive: true, force: true });
    await syncFolder(this.filesDir);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.dataDir);
    return bavail * bsize;
  }

  async check(): Promise<void> {
    await access(this.partialDir, constants.W_OK);
    await access(this.filesDir, constants.W_OK);
  }

  /** A crash after the rename and before the catalogue knew of it: the bytes are a partial file still. */
  private async takeBack(fileId: string, path: string): Promise<void> {
    const folder = join(this.filesDir, fileId);
    const [storedName] = await readdir(folder).catch(() => []);
    if (storedName === undefined) return;
    await rename(join(folder, storedName), path);
    await rm(folder, { recursive: true });
  }
}

class DiskPartialFile implements PartialFile {
  /** Where the file ends if an append failed midway; beyond it may be rubbish. */
  private torn = false;

  constructor(
    private readonly handle: FileHandle,
    private readonly path: string,
    private readonly folder: string,
    readonly size: number,
  ) {}

  async append(offset: number, bytes: Uint8Array): Promise<void> {
    this.torn = true;
    for (let written = 0; written < bytes.length;) {
      const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written, offset + written);
      written += bytesWritten;
    }
    this.torn = false;
  }

  sync(): Promise<void> {
    return this.handle.datasync();
  }

  read(start: number): AsyncIterable<Uint8Array> {
    return this.handle.createReadStream({ start, autoClose: false, highWaterMark: READ_BYTES });
  }

  async complete(storedName: string, size: number): Promise<void> {
    if (this.torn) await this.handle.truncate(size);
    await this.handle.sync();
    await mkdir(this.folder, { recursive: true });
    await rename(this.path, join(this.folder, storedName));
    await syncFolder(this.folder);
    await syncFolder(dirname(this.folder));
  }

  async abort(): Promise<void> {
    await this.handle.close();
    await rm(this.path, { force: true });
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

/** Makes the names in a folder durable. Windows can't open folders, and its NTFS journals names by itself. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
