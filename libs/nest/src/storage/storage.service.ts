import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import type { Readable } from 'node:stream';
import type { Checkpoint } from '../contracts/records.js';
import type { FileRecord } from '../contracts/records.js';
import { StorageRoom } from './storage-room.js';
import {
  BrokenFileError,
  UPLOAD_STORAGE_BACKEND,
  type ByteRange,
  type Download,
  type KeptFile,
  type PartialFile,
  type Quarantined,
  type StorageBackend,
  type StoredDigest,
  type StoredFile,
} from '../contracts/storage-backend.js';

/** What a medium says when it has no room: the disk is full, or the quota is used up. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a medium says when it has no such file, or a shorter one: the disk, and an object store. */
const MISSING = new Set(['ENOENT', 'NoSuchKey', 'NotFound', 'InvalidRange']);

const isMissing = (error: unknown) =>
  MISSING.has((error as NodeJS.ErrnoException).code ?? '') || MISSING.has((error as Error).name);

/** Whether an error says that a partial file can't go on here, but can be opened again and go on from what was synced. */
export const isBrokenFile = (error: unknown): boolean =>
  error instanceof UploadError && error.cause instanceof BrokenFileError;

/** Bytes, as the sessions see them: a storage back end whose errors are those of the catalogue. */
@Injectable()
export class StorageService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(StorageService.name);

  private readonly room: StorageRoom;
  private preparing: Promise<void> | undefined;

  constructor(@Inject(UPLOAD_STORAGE_BACKEND) private readonly backend: StorageBackend) {
    this.room = new StorageRoom(backend);
  }

  async onModuleInit(): Promise<void> {
    await this.prepared();
  }

  /** Resolves when the back end is ready; for whoever needs it while modules are initialised. */
  prepared(): Promise<void> {
    return (this.preparing ??= this.backend.prepare());
  }

  /**
   * Sets aside room for so many bytes of an upload, until its file is closed or it writes nothing for a minute. Throws
   * STORAGE_FULL where there is too little beside what others were promised.
   */
  reserve(fileId: string, bytes: number): Promise<void> {
    return this.translated(() => this.room.reserve(fileId, bytes));
  }

  release(fileId: string): void {
    this.room.release(fileId);
  }

  create(file: StoredFile): Promise<PartialFile> {
    return this.opened(file, () => this.backend.create(file));
  }

  open(file: StoredFile, durable: Checkpoint): Promise<PartialFile> {
    return this.opened(file, () => this.backend.open(file, durable));
  }

  private async opened({ fileId }: StoredFile, open: () => Promise<PartialFile>): Promise<PartialFile> {
    const file = await this.translated(open);
    return {
      size: file.size,
      durable: file.durable,
      persistence: file.persistence,
      append: (offset, bytes) =>
        this.translated(async () => {
          await this.room.take(fileId, bytes.length);
          await file.append(offset, bytes);
        }),
      sync: () => this.translated(() => file.sync()),
      checkpointSaved: (offset) => file.checkpointSaved(offset),
      read: (start) => file.read(start),
      digest: (size) => this.translated(() => file.digest(size)),
      complete: () => this.translated(() => file.complete()),
      discard: () => this.released(fileId, () => file.discard()),
      close: () => this.released(fileId, () => file.close()),
    };
  }

  put(file: StoredFile, bytes: Uint8Array): Promise<StoredDigest> {
    return this.translated(async () => {
      await this.room.take(file.fileId, bytes.length);
      return this.backend.put(file, bytes);
    });
  }

  discard(fileId: string): Promise<void> {
    return this.translated(() => this.backend.discard(fileId));
  }

  read(file: StoredFile, range?: ByteRange): Readable {
    return this.backend.read(file, range);
  }

  /** Whether all bytes of a completed file are there, as far as its last one tells. Rejects where nobody knows. */
  async has({ size, ...file }: StoredFile & { readonly size: number }): Promise<boolean> {
    const last = size > 0 ? { start: size - 1, end: size - 1 } : undefined;
    return this.translated(async () => {
      try {
        let found = 0;
        for await (const bytes of this.backend.read(file, last)) found += (bytes as Uint8Array).length;
        return found === Math.min(size, 1);
      } catch (error) {
        if (isMissing(error)) return false;
        throw error;
      }
    });
  }

  /** The digest of a completed file, read back. */
  digest(file: StoredFile): Promise<StoredDigest> {
    return this.translated(() => this.backend.digest(file));
  }

  /** Undefined where downloads go through this process. */
  async presignedUrl(file: StoredFile, download: Download): Promise<string | undefined> {
    return this.translated(async () => this.backend.presignedUrl?.(file, download));
  }

  remove(fileId: string): Promise<void> {
    return this.translated(() => this.backend.remove(fileId));
  }

  unfinished(): Promise<readonly string[]> {
    return this.translated(() => this.backend.unfinished());
  }

  quarantine(fileId: string): Promise<void> {
    return this.translated(() => this.backend.quarantine(fileId));
  }

  quarantined(): Promise<readonly Quarantined[]> {
    return this.translated(() => this.backend.quarantined());
  }

  purge(entry: Quarantined): Promise<void> {
    return this.translated(() => this.backend.purge(entry));
  }

  /** Never rejects: a file whose record can't be kept is in the catalogue all the same, and the operator is told. */
  async keepRecord(file: FileRecord): Promise<void> {
    await this.unlessFailing(() => this.backend.keepRecord(file), `no record of the file ${file.fileId} was kept`);
  }

  async forgetRecord(fileId: string): Promise<void> {
    await this.unlessFailing(() => this.backend.forgetRecord(fileId), `the record of the file ${fileId} is still kept`);
  }

  records(): Promise<readonly FileRecord[]> {
    return this.translated(() => this.backend.records());
  }

  completedFiles(): AsyncIterable<KeptFile> {
    return this.backend.completedFiles();
  }

  identity(): Promise<string | undefined> {
    return this.translated(() => this.backend.identity());
  }

  setIdentity(id: string): Promise<void> {
    return this.translated(() => this.backend.setIdentity(id));
  }

  hasFiles(): Promise<boolean> {
    return this.translated(() => this.backend.hasFiles());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.backend.close();
  }

  /** Rejects where nothing can be stored now: the store can't be used, or has no room. */
  check(): Promise<void> {
    return this.translated(async () => {
      await this.backend.check();
      await this.room.check();
    });
  }

  private async unlessFailing(work: () => Promise<void>, what: string): Promise<void> {
    await work().catch((error: unknown) => this.logger.warn(`${what}: ${(error as Error).message}`));
  }

  private async released(fileId: string, work: () => Promise<void>): Promise<void> {
    this.room.release(fileId);
    await this.translated(work);
  }

  private async translated<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof UploadError) throw cause;
      this.logger.error(cause instanceof Error ? cause.message : String(cause));
      const full = FULL.has((cause as NodeJS.ErrnoException).code ?? '');
      throw new UploadError(full ? 'STORAGE_FULL' : 'STORAGE_FAILED', undefined, { cause });
    }
  }
}
