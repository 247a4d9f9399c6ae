import { freeBytes } from '@upload-streams/protocol';
import { constants, createReadStream, fstatSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import {
  chmod,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  rename,
  rm,
  rmdir,
  statfs,
  writeFile,
  type FileHandle,
} from 'node:fs/promises';
import { uptime } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { NOTHING_DURABLE, type Checkpoint, type FileRecord } from '../../contracts/records.js';
import { DiskQuarantine, fileIdsIn } from './disk-quarantine.js';
import { readIdentity, writeIdentity } from './disk-identity.js';
import { DigestThread, type GrowingDigest } from '../hashing/digest-thread.js';
import { FileThread } from '../hashing/file-thread.js';
import { isFileId } from '../file-id.js';
import { RecordJournal } from './record-journal.js';
import { storedNameOf } from './stored-name.js';
import { SharedFolderSync, syncFolder } from './folder-sync.js';
import type {
  ByteRange,
  CompletedFile,
  PartialFile,
  Quarantined,
  Persistence,
  StorageBackend,
  StoredDigest,
  StoredFile,
} from '../../contracts/storage-backend.js';
import type { WholeFileRequest } from './whole-file-worker.js';

/** A link in the place of a file may lead anywhere, so none is followed. */
const READ_NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW;

/** How much is read at once where a file has to be hashed again: 1 MiB. */
const READ_BYTES = 1024 * 1024;

/** The operating system keeps what was written, whatever becomes of this process. 64 MiB are written in a moment. */
const PERSISTENCE: Persistence = { survivesProcess: true, syncEveryBytes: 64 * 1024 * 1024 };

/**
 * Files on a local disk: `partial/<fileId>` while they grow, `files/<fileId>/<stored name>` once they are complete. A
 * rename within one file system moves them, so that there is never half a file in `files`. Unfinished bytes that no
 * catalogue knows wait in `quarantine`.
 */
export class DiskStorage implements StorageBackend {
  private readonly partialDir: string;
  private readonly filesDir: string;
  private readonly filesSync: SharedFolderSync;
  private readonly asides: DiskQuarantine;
  private readonly journal: RecordJournal;
  private readonly digests: DigestThread;
  private readonly wholeFiles = new FileThread<WholeFileRequest, StoredDigest>('whole-file-worker', import.meta.url);

  /** `sha256`: whether it is computed of each file beside CRC-32. */
  constructor(
    private readonly dataDir: string,
    private readonly sha256 = true,
  ) {
    this.digests = new DigestThread(sha256);
    this.partialDir = join(dataDir, 'partial');
    this.filesDir = join(dataDir, 'files');
    this.filesSync = new SharedFolderSync(this.filesDir);
    this.journal = new RecordJournal(join(dataDir, 'records.jsonl'));
    this.asides = new DiskQuarantine(join(dataDir, 'quarantine'), this.partialDir);
  }

  async prepare(): Promise<void> {
    await Promise.all([makePrivate(this.partialDir), makePrivate(this.filesDir), this.asides.prepare()]);
  }

  create(file: StoredFile): Promise<PartialFile> {
    return this.openPartial(file, NOTHING_DURABLE);
  }

  async open(file: StoredFile, durable: Checkpoint): Promise<PartialFile> {
    await this.asides.takeBack(file.fileId);
    await this.takeBack(file.fileId, join(this.partialDir, file.fileId));
    return this.openPartial(file, durable);
  }

  /** Nobody knows of a file in `files` before it is in the catalogue, so it is written where it stays. */
  put({ fileId, fileName }: StoredFile, bytes: Uint8Array): Promise<StoredDigest> {
    const id = this.wholeFiles.newId();
    const { filesDir: parent, sha256 } = this;
    const storedName = storedNameOf(fileName);
    return this.wholeFiles.ask({ id, parent, folder: fileId, storedName, bytes, sha256 });
  }

  async discard(fileId: string): Promise<void> {
    await rm(join(this.partialDir, fileId), { force: true });
  }

  read(file: StoredFile, range?: ByteRange): Readable {
    // Node's types know flags by their names only.
    return createReadStream(this.pathOf(file), { ...range, flags: READ_NO_LINK as unknown as string });
  }

  async digest(file: StoredFile): Promise<StoredDigest> {
    const path = this.pathOf(file);
    return this.digests.open(path).finish(await fileSize(path));
  }

  async sizeOf(file: StoredFile): Promise<number | undefined> {
    return fileSize(this.pathOf(file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  }

  async remove(fileId: string): Promise<void> {
    await rm(join(this.filesDir, fileId), { recursive: true, force: true });
    await this.filesSync.sync();
  }

  unfinished(): Promise<readonly string[]> {
    return fileIdsIn(this.partialDir);
  }

  quarantine(fileId: string): Promise<void> {
    return this.asides.add(fileId);
  }

  quarantined(): Promise<readonly Quarantined[]> {
    return this.asides.list();
  }

  purge(entry: Quarantined): Promise<void> {
    return this.asides.remove(entry);
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.dataDir);
    return bavail * bsize;
  }

  async totalBytes(): Promise<number> {
    const { blocks, bsize } = await statfs(this.dataDir);
    return blocks * bsize;
  }

  /** By writing: a disk without inodes, or one that was mounted read-only, shows it no other way. */
  async check(): Promise<void> {
    for (const folder of [this.partialDir, this.filesDir]) {
      const trial = join(folder, `.check-${randomUUID()}`);
      await writeFile(trial, 'x', { flag: 'wx', mode: 0o600 });
      await rm(trial);
    }
  }

  saveRecord(file: FileRecord): Promise<void> {
    return this.journal.keep(file);
  }

  removeRecord(fileId: string): Promise<void> {
    return this.journal.forget(fileId);
  }

  records(): Promise<readonly FileRecord[]> {
    return this.journal.read();
  }

  async *completedFiles(): AsyncIterable<CompletedFile> {
    for (const folder of await readdir(this.filesDir, { withFileTypes: true })) {
      if (!folder.isDirectory() || !isFileId(folder.name)) continue;
      const [name, ...others] = await readdir(join(this.filesDir, folder.name));
      const found = name === undefined ? undefined : await lstat(join(this.filesDir, folder.name, name));
      if (others.length > 0 || !found?.isFile()) continue;
      yield { fileId: folder.name, fileName: name!, size: found.size, modifiedAt: Math.floor(found.mtimeMs) };
    }
  }

  identity(): Promise<string | undefined> {
    return readIdentity(this.dataDir);
  }

  setIdentity(id: string): Promise<void> {
    return writeIdentity(this.dataDir, id);
  }

  async hasFiles(): Promise<boolean> {
    const entries = await opendir(this.filesDir);
    for await (const entry of entries) if (entry.isDirectory() && isFileId(entry.name)) return true;
    return false;
  }

  async close(): Promise<void> {
    await Promise.all([this.digests.close(), this.wholeFiles.close(), this.journal.close()]);
  }

  private pathOf({ fileId, fileName }: StoredFile): string {
    return join(this.filesDir, fileId, storedNameOf(fileName));
  }

  private async openPartial(file: StoredFile, durable: Checkpoint): Promise<PartialFile> {
    const path = join(this.partialDir, file.fileId);
    const handle = await open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      const size = await soundSize(handle, durable.offset);
      const start = size < durable.offset ? NOTHING_DURABLE : durable;
      return new DiskPartialFile(handle, path, this.pathOf(file), size, start, this.digests.open(path), this.filesSync);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /**
   * A crash after the rename and before the catalogue knew of it: the bytes are a partial file still. A folder that holds
   * anything else than the one file is left alone, and so are links; nothing is written over.
   */
  private async takeBack(fileId: string, path: string): Promise<void> {
    const folder = join(this.filesDir, fileId);
    const names = (await isFolder(folder)) ? await readdir(folder) : [];
    if (names.length !== 1 || (await exists(path))) return;
    await rename(join(folder, names[0]!), path);
    await rmdir(folder);
  }
}

/** Also where an earlier version made the folder for everybody to read. */
async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
}

/** Of a file only: a link in its place may lead anywhere. */
async function fileSize(path: string): Promise<number> {
  const found = await lstat(path);
  if (!found.isFile()) throw new Error(`${path} is not a file`);
  return found.size;
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

async function isFolder(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined))?.isDirectory() ?? false;
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

class DiskPartialFile implements PartialFile {
  readonly persistence = PERSISTENCE;
  /** When we last wrote. What another process changed after it was read back would go unnoticed, but for this. */
  private writtenAt: bigint | undefined;
  private touched = false;

  constructor(
    private readonly handle: FileHandle,
    private readonly path: string,
    private readonly target: string,
    readonly size: number,
    readonly durable: Checkpoint,
    private readonly hashing: GrowingDigest,
    private readonly filesSync: SharedFolderSync,
  ) {}

  async append(offset: number, bytes: Uint8Array): Promise<void> {
    this.notice();
    const end = offset + bytes.length;
    await this.write(offset, bytes);
    freeBytes(bytes);
    if (this.hashing.advance(end)) this.writtenAt = this.modifiedAt();
  }

  /** What a disk took before it was full is taken back: it is room, and no chunk that was acknowledged. */
  private async write(offset: number, bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.handle, bytes, offset);
    } catch (error) {
      await this.handle.truncate(offset).catch(() => undefined);
      throw error;
    }
  }

  sync(): Promise<void> {
    return this.handle.datasync();
  }

  /** Nothing is kept for offsets before the last one. */
  checkpointSaved(): void {}

  read(start: number): AsyncIterable<Uint8Array> {
    return this.handle.createReadStream({ start, autoClose: false, highWaterMark: READ_BYTES });
  }

  async digest(size: number): Promise<StoredDigest> {
    this.notice();
    if (this.touched) this.hashing.discard();
    const { size: stored } = await this.handle.stat();
    if (stored > size) await this.handle.truncate(size);
    return this.hashing.finish(size);
  }

  async complete(): Promise<void> {
    const folder = dirname(this.target);
    await this.handle.sync();
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await rename(this.path, this.target);
    await Promise.all([syncFolder(folder), this.filesSync.sync()]);
  }

  async discard(): Promise<void> {
    await this.close();
    await rm(this.path, { force: true });
  }

  close(): Promise<void> {
    this.hashing.discard();
    return this.handle.close();
  }

  private notice(): void {
    if (this.writtenAt !== undefined) this.touched ||= this.modifiedAt() !== this.writtenAt;
  }

  /** Takes microseconds, where asking asynchronously takes a turn of the thread pool. */
  private modifiedAt(): bigint {
    return fstatSync(this.handle.fd, { bigint: true }).mtimeNs;
  }
}
