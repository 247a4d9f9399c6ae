import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Readable } from 'node:stream';
import type { PartialFile, StoredDigest } from '../contracts/partial-file.js';
import type { Checkpoint, FileRecord } from '../contracts/records.js';
import {
  UPLOAD_STORAGE_BACKEND,
  type ByteRange,
  type CompletedFile,
  type Download,
  type Quarantined,
  type StorageBackend,
  type StoredFile,
} from '../contracts/storage-backend.js';
import { StorageErrors } from './storage-errors.js';
import { StorageRoom } from './storage-room.js';

/**
 * The storage back end as sessions and the catalogue use it. Errors are translated to those of the error table
 * (STORAGE_FULL, STORAGE_FAILED, FILE_NOT_FOUND), and free space is reserved for uploads. A capability that the back
 * end lacks does nothing.
 */
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

  close(): Promise<void> {
    return this.errors.translateErrors(() => this.backend.close());
  }

  /** Rejects if nothing can be stored now: the back end cannot be used, or has no free space. */
  check(): Promise<void> {
    return this.errors.translateErrors(async () => {
      await this.backend.check();
      await this.room.check();
    });
  }

  /**
   * Reserves space for the bytes of an upload, until its file is closed or nothing is written to it for a minute.
   * Throws STORAGE_FULL if too little space is left in addition to other reservations.
   */
  reserve(fileId: string, bytes: number): Promise<void> {
    return this.errors.translateErrors(() => this.room.reserve(fileId, bytes));
  }

  release(fileId: string): void {
    this.room.release(fileId);
  }

  create(file: StoredFile): Promise<PartialFile> {
    return this.openAndWrap(file, () => this.backend.create(file));
  }

  open(file: StoredFile, durable: Checkpoint): Promise<PartialFile> {
    return this.openAndWrap(file, () => this.backend.open(file, durable));
  }

  discard(fileId: string): Promise<void> {
    return this.errors.translateErrors(() => this.backend.discard(fileId));
  }

  put(file: StoredFile, bytes: Uint8Array): Promise<StoredDigest> {
    return this.errors.translateErrors(async () => {
      await this.room.take(file.fileId, bytes.length);
      return this.backend.put(file, bytes);
    });
  }

  /**
   * Reads a completed file, or a range of it. The stream fails with FILE_NOT_FOUND if the bytes are missing, and with
   * STORAGE_FAILED if they cannot be read or, if the size is known, some of them are missing.
   */
  read({ size, ...file }: StoredFile & { readonly size?: number }, range?: ByteRange): Readable {
    const expected = range ? range.end - range.start + 1 : size;
    return this.errors.translateStream(this.backend.read(file, range), file.fileId, expected);
  }

  /** Whether a completed file exists, with at least as many bytes as the catalogue says. */
  async has({ size, ...file }: StoredFile & { readonly size: number }): Promise<boolean> {
    const found = await this.errors.translateErrors(() => this.backend.sizeOf(file));
    return found !== undefined && found >= size;
  }

  /** Reads a completed file back and returns its digest. */
  digest(file: StoredFile): Promise<StoredDigest> {
    return this.errors.translateErrors(() => this.backend.digest(file));
  }

  remove(fileId: string): Promise<void> {
    return this.errors.translateErrors(() => this.backend.remove(fileId));
  }

  completedFiles(): AsyncIterable<CompletedFile> {
    return this.errors.translateItems(this.backend.completedFiles());
  }

  /** Whether there is at least one completed file. */
  async hasFiles(): Promise<boolean> {
    for await (const _ of this.completedFiles()) return true;
    return false;
  }

  /** Undefined if downloads go through this process. */
  async presignedUrl(file: StoredFile, download: Download): Promise<string | undefined> {
    return this.errors.translateErrors(async () => this.backend.presignedUrl?.(file, download));
  }

  unfinished(): Promise<readonly string[]> {
    return this.errors.translateErrors(async () => (await this.backend.quarantine?.unfinished()) ?? []);
  }

  quarantine(fileId: string): Promise<void> {
    return this.errors.translateErrors(async () => this.backend.quarantine?.add(fileId));
  }

  quarantined(): Promise<readonly Quarantined[]> {
    return this.errors.translateErrors(async () => (await this.backend.quarantine?.list()) ?? []);
  }

  purge(entry: Quarantined): Promise<void> {
    return this.errors.translateErrors(async () => this.backend.quarantine?.remove(entry));
  }

  /** Never rejects. A file whose record cannot be saved still gets into the catalogue, and the failure is logged. */
  async saveRecord(file: FileRecord): Promise<void> {
    await this.warnOnFailure(`The record of the file ${file.fileId} was not saved`, () =>
      this.backend.records?.save(file),
    );
  }

  /** Never rejects, like `saveRecord`. */
  async removeRecord(fileId: string): Promise<void> {
    await this.warnOnFailure(`The record of the file ${fileId} was not removed`, () =>
      this.backend.records?.remove(fileId),
    );
  }

  records(): Promise<readonly FileRecord[]> {
    return this.errors.translateErrors(async () => (await this.backend.records?.list()) ?? []);
  }

  identity(): Promise<string | undefined> {
    return this.errors.translateErrors(async () => this.backend.identity?.read());
  }

  setIdentity(id: string): Promise<void> {
    return this.errors.translateErrors(async () => this.backend.identity?.save(id));
  }

  private async warnOnFailure(sentence: string, work: () => Promise<void> | undefined): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.warn(`${sentence}: ${(error as Error).message}`);
    }
  }

  private async openAndWrap({ fileId }: StoredFile, open: () => Promise<PartialFile>): Promise<PartialFile> {
    const { errors, room } = this;
    const file = await errors.translateErrors(open);
    const releaseAnd = (work: () => Promise<void>) => {
      room.release(fileId);
      return errors.translateErrors(work);
    };
    return {
      size: file.size,
      durable: file.durable,
      persistence: file.persistence,
      append: (offset, bytes) =>
        errors.translateErrors(async () => {
          await room.take(fileId, bytes.length);
          await file.append(offset, bytes);
        }),
      sync: () => errors.translateErrors(() => file.sync()),
      checkpointSaved: (offset) => file.checkpointSaved(offset),
      read: (start) => errors.translateItems(file.read(start)),
      digest: (size) => errors.translateErrors(() => file.digest(size)),
      complete: () => errors.translateErrors(() => file.complete()),
      discard: () => releaseAnd(() => file.discard()),
      close: () => releaseAnd(() => file.close()),
    };
  }
}
