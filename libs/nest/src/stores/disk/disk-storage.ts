import { freeBytes } from '@upload-streams/protocol';
import { randomUUID } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { chmod, lstat, mkdir, opendir, readdir, rename, rm, rmdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { PartialFile, StoredDigest } from '../../contracts/partial-file.js';
import { NOTHING_DURABLE, type Checkpoint } from '../../contracts/records.js';
import type {
  ByteRange,
  Capacity,
  CompletedFile,
  StorageBackend,
  StoredFile,
} from '../../contracts/storage-backend.js';
import type { FreeMemory } from '../../performance/free-memory.js';
import { isFileId } from '../file-id.js';
import { DigestThread } from '../hashing/digest-thread.js';
import { FileThread } from '../hashing/file-thread.js';
import { DiskIdentity } from './disk-identity.js';
import { DiskPartialFile, type SharedByFiles } from './disk-partial-file.js';
import { DiskQuarantine } from './disk-quarantine.js';
import { SharedFolderSync } from './folder-sync.js';
import { RecordJournal } from './record-journal.js';
import { storedNameOf } from './stored-name.js';
import type { WholeFileRequest } from './whole-file-worker.js';

/** A link in the place of a file may lead anywhere, so none is followed. */
const READ_NO_LINK = constants.O_RDONLY | constants.O_NOFOLLOW;

/**
 * Files on a local disk: `partial/<fileId>` while they grow, `files/<fileId>/<stored name>` once they are complete.
 * Both are in one file system, so a rename moves a file: there is never half a file in `files`. Orphaned bytes wait in
 * `quarantine`.
 */
export class DiskStorage implements StorageBackend {
  readonly quarantine: DiskQuarantine;
  readonly records: RecordJournal;
  readonly identity: DiskIdentity;
  private readonly partialDir: string;
  private readonly filesDir: string;
  private readonly shared: SharedByFiles;
  private readonly digests: DigestThread;
  private readonly wholeFiles = new FileThread<WholeFileRequest, StoredDigest>('whole-file-worker', import.meta.url);

  /**
   * `sha256`: whether it is computed of each file beside CRC-32. `free`: called with bytes that are no longer needed.
   */
  constructor(
    private readonly dataDir: string,
    private readonly sha256 = true,
    free: FreeMemory = freeBytes,
  ) {
    this.digests = new DigestThread(sha256, free);
    this.partialDir = join(dataDir, 'partial');
    this.filesDir = join(dataDir, 'files');
    this.shared = { filesSync: new SharedFolderSync(this.filesDir), free };
    this.records = new RecordJournal(join(dataDir, 'records.jsonl'));
    this.quarantine = new DiskQuarantine(join(dataDir, 'quarantine'), this.partialDir);
    this.identity = new DiskIdentity(dataDir);
  }

  async prepare(): Promise<void> {
    await Promise.all([makePrivate(this.partialDir), makePrivate(this.filesDir), this.quarantine.prepare()]);
  }

  create(file: StoredFile): Promise<PartialFile> {
    return this.openPartial(file, NOTHING_DURABLE);
  }

  async open(file: StoredFile, durable: Checkpoint): Promise<PartialFile> {
    await this.quarantine.takeBack(file.fileId);
    await this.takeBack(file.fileId);
    return this.openPartial(file, durable);
  }

  async discard(fileId: string): Promise<void> {
    await rm(this.partialPathOf(fileId), { force: true });
  }

  /** Written where it stays: nobody knows of a file in `files` before it is in the catalogue. */
  put({ fileId, fileName }: StoredFile, bytes: Uint8Array): Promise<StoredDigest> {
    const id = this.wholeFiles.newId();
    const { filesDir: parent, sha256 } = this;
    return this.wholeFiles.ask({ id, parent, folder: fileId, storedName: storedNameOf(fileName), bytes, sha256 });
  }

  read(file: StoredFile, range?: ByteRange): Readable {
    // Node's types know flags by their names only.
    return createReadStream(this.pathOf(file), { ...range, flags: READ_NO_LINK as unknown as string });
  }

  async sizeOf(file: StoredFile): Promise<number | undefined> {
    return fileSize(this.pathOf(file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  }

  async digest(file: StoredFile): Promise<StoredDigest> {
    const path = this.pathOf(file);
    return this.digests.open(path).finish(await fileSize(path));
  }

  async remove(fileId: string): Promise<void> {
    await rm(join(this.filesDir, fileId), { recursive: true, force: true });
    await this.shared.filesSync.sync();
  }

  async *completedFiles(): AsyncIterable<CompletedFile> {
    for await (const folder of await opendir(this.filesDir)) {
      if (!folder.isDirectory() || !isFileId(folder.name)) continue;
      const [fileName, ...others] = await readdir(join(this.filesDir, folder.name));
      if (fileName === undefined || others.length > 0) continue;
      const found = await lstat(join(this.filesDir, folder.name, fileName));
      if (!found.isFile()) continue;
      yield { fileId: folder.name, fileName, size: found.size, modifiedAt: Math.floor(found.mtimeMs) };
    }
  }

  async capacity(): Promise<Capacity> {
    const { bavail, blocks, bsize } = await statfs(this.dataDir);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }

  /** By writing: nothing else shows that a disk has no inodes left, or was mounted read-only. */
  async check(): Promise<void> {
    for (const folder of [this.partialDir, this.filesDir]) {
      const trial = join(folder, `.check-${randomUUID()}`);
      await writeFile(trial, 'x', { flag: 'wx', mode: 0o600 });
      await rm(trial);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.digests.close(), this.wholeFiles.close(), this.records.close()]);
  }

  private partialPathOf(fileId: string): string {
    return join(this.partialDir, fileId);
  }

  private pathOf({ fileId, fileName }: StoredFile): string {
    return join(this.filesDir, fileId, storedNameOf(fileName));
  }

  private openPartial(file: StoredFile, durable: Checkpoint): Promise<PartialFile> {
    const path = this.partialPathOf(file.fileId);
    return DiskPartialFile.open(path, this.pathOf(file), durable, this.digests.open(path), this.shared);
  }

  /**
   * After a crash between the rename and the catalogue's entry, the bytes are still those of a partial file. A folder
   * that holds anything but the one file is left alone, and so are links; nothing is overwritten.
   */
  private async takeBack(fileId: string): Promise<void> {
    const folder = join(this.filesDir, fileId);
    const path = this.partialPathOf(fileId);
    const names = (await isFolder(folder)) ? await readdir(folder) : [];
    if (names.length !== 1 || (await exists(path))) return;
    await rename(join(folder, names[0]!), path);
    await rmdir(folder);
  }
}

/** Also repairs folders that are readable for everybody. */
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
