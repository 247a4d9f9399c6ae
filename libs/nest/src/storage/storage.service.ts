import { Inject, Injectable, Logger } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import type { Readable } from 'node:stream';
import type { Checkpoint, FileRecord } from '../contracts/records.js';
import { StorageErrors } from './storage-errors.js';
import { StorageRoom } from './storage-room.js';
import {
  BrokenFileError,
  UPLOAD_STORAGE_BACKEND,
  type ByteRange,
  type Download,
  type CompletedFile,
  type PartialFile,
  type Quarantined,
  type StorageBackend,
  type StoredDigest,
  type StoredFile,
} from '../contracts/storage-backend.js';

/** Whether an error says that a partial file can't go on here, but can be opened again and go on from what was synced. */
export const isBrokenFile = (error: unknown): boolean =>
  error instanceof UploadError && error.cause instanceof BrokenFileError;

/** Bytes, as the sessions see them: a storage back end whose errors are those of the catalogue. */
@Injectable()
export class StorageService {
  private readonly logger = new Logger(StorageService.name);
  private readonly errors = new StorageErrors();
  private readonly room: StorageRoom;
  private preparing: Promise<void> | undefined;

  constructor(@Inject(UPLOAD_STORAGE_BACKEND) private readonly backend: StorageBackend) {
    this.room = new StorageRoom(backend);
  }

  /** Prepares the back end, once; resolves when it is ready. */
  prepared(): Promise<void> {
    return (this.preparing ??= this.backend.prepare());
  }

  /**
   * Sets aside room for so many bytes of an upload, until its file is closed or it writes nothing for a minute. Throws
   * STORAGE_FULL where there is too little beside what others were promised.
   */
  reserve(fileId: string, bytes: number): Promise<void> {
    return this.errors.translated(() => this.room.reserve(fileId, bytes));
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
    const file = await this.errors.translated(open);
    return {
      size: file.size,
      durable: file.durable,
      persistence: file.persistence,
      append: (offset, bytes) =>
        this.errors.translated(async () => {
          await this.room.take(fileId, bytes.length);
          await file.append(offset, bytes);
        }),
      sync: () => this.errors.translated(() => file.sync()),
      checkpointSaved: (offset) => file.checkpointSaved(offset),
      read: (start) => this.errors.translatedItems(file.read(start)),
      digest: (size) => this.errors.translated(() => file.digest(size)),
      complete: () => this.errors.translated(() => file.complete()),
      discard: () => this.released(fileId, () => file.discard()),
      close: () => this.released(fileId, () => file.close()),
    };
  }

  put(file: StoredFile, bytes: Uint8Array): Promise<StoredDigest> {
    return this.errors.translated(async () => {
      await this.room.take(file.fileId, bytes.length);
      return this.backend.put(file, bytes);
    });
  }

  discard(fileId: string): Promise<void> {
    return this.errors.translated(() => this.backend.discard(fileId));
  }

  /**
   * A completed file, or a range of it. The stream fails with FILE_NOT_FOUND where the bytes are missing, and with
   * STORAGE_FAILED where they can't be read.
   */
  read(file: StoredFile, range?: ByteRange): Readable {
    return this.errors.translatedStream(this.backend.read(file, range), file.fileId);
  }

  /** Whether all bytes of a completed file are there, as far as their number tells. */
  async has({ size, ...file }: StoredFile & { readonly size: number }): Promise<boolean> {
    const found = await this.errors.translated(() => this.backend.sizeOf(file));
    return found !== undefined && found >= size;
  }

  /** The digest of a completed file, read back. */
  digest(file: StoredFile): Promise<StoredDigest> {
    return this.errors.translated(() => this.backend.digest(file));
  }

  /** Undefined where downloads go through this process. */
  async presignedUrl(file: StoredFile, download: Download): Promise<string | undefined> {
    return this.errors.translated(async () => this.backend.presignedUrl?.(file, download));
  }

  remove(fileId: string): Promise<void> {
    return this.errors.translated(() => this.backend.remove(fileId));
  }

  unfinished(): Promise<readonly string[]> {
    return this.errors.translated(() => this.backend.unfinished());
  }

  quarantine(fileId: string): Promise<void> {
    return this.errors.translated(() => this.backend.quarantine(fileId));
  }

  quarantined(): Promise<readonly Quarantined[]> {
    return this.errors.translated(() => this.backend.quarantined());
  }

  purge(entry: Quarantined): Promise<void> {
    return this.errors.translated(() => this.backend.purge(entry));
  }

  /** Never rejects: a file whose record can't be kept is in the catalogue all the same, and the operator is told. */
  async saveRecord(file: FileRecord): Promise<void> {
    await this.unlessFailing(() => this.backend.saveRecord(file), `no record of the file ${file.fileId} was kept`);
  }

  async removeRecord(fileId: string): Promise<void> {
    await this.unlessFailing(() => this.backend.removeRecord(fileId), `the record of the file ${fileId} is still kept`);
  }

  records(): Promise<readonly FileRecord[]> {
    return this.errors.translated(() => this.backend.records());
  }

  completedFiles(): AsyncIterable<CompletedFile> {
    return this.errors.translatedItems(this.backend.completedFiles());
  }

  identity(): Promise<string | undefined> {
    return this.errors.translated(() => this.backend.identity());
  }

  setIdentity(id: string): Promise<void> {
    return this.errors.translated(() => this.backend.setIdentity(id));
  }

  hasFiles(): Promise<boolean> {
    return this.errors.translated(() => this.backend.hasFiles());
  }

  close(): Promise<void> {
    return this.errors.translated(() => this.backend.close());
  }

  /** Rejects where nothing can be stored now: the store can't be used, or has no room. */
  check(): Promise<void> {
    return this.errors.translated(async () => {
      await this.backend.check();
      await this.room.check();
    });
  }

  private async unlessFailing(work: () => Promise<void>, what: string): Promise<void> {
    await work().catch((error: unknown) => this.logger.warn(`${what}: ${(error as Error).message}`));
  }

  private async released(fileId: string, work: () => Promise<void>): Promise<void> {
    this.room.release(fileId);
    await this.errors.translated(work);
  }
}
