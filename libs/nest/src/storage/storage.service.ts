import { Inject, Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import type { Readable } from 'node:stream';
import { UPLOAD_STORAGE_BACKEND } from '../upload.tokens.js';
import type { ByteRange, Download, PartialFile, StorageBackend, StoredDigest, StoredFile } from './storage-backend.js';

/** What a medium says when it has no room: the disk is full, or the quota is used up. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What a medium says when it has no such file, or a shorter one: the disk, and an object store. */
const MISSING = new Set(['ENOENT', 'NoSuchKey', 'NotFound', 'InvalidRange']);

const isMissing = (error: unknown) =>
  MISSING.has((error as NodeJS.ErrnoException).code ?? '') || MISSING.has((error as Error).name);

/** So long the room that was left counts as the room that is left, for small files. */
const FREE_BYTES_FRESH_MS = 1000;

/** Bytes, as the sessions see them: a storage back end whose errors are those of the catalogue. */
@Injectable()
export class StorageService implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(StorageService.name);

  private freeBytes = 0;
  private freeAskedAt = -Infinity;

  constructor(@Inject(UPLOAD_STORAGE_BACKEND) private readonly backend: StorageBackend) {}

  async onModuleInit(): Promise<void> {
    await this.backend.prepare();
  }

  /** Throws STORAGE_FULL where a file of this size has no room; a size that is not known has. */
  async reserve(size = 0): Promise<void> {
    const fresh = performance.now() - this.freeAskedAt < FREE_BYTES_FRESH_MS;
    // Small files come by the thousand; where there is room for many, asking for each would say nothing new.
    if (!fresh || size > this.freeBytes / 100) await this.askFreeBytes();
    if (size > this.freeBytes) throw new UploadError('STORAGE_FULL');
  }

  async open(fileId: string, durable: number, isNew: boolean): Promise<PartialFile> {
    const file = await this.translated(() => this.backend.open(fileId, durable, isNew));
    return {
      size: file.size,
      syncEveryBytes: file.syncEveryBytes,
      keepsUnsynced: file.keepsUnsynced,
      get isBroken() {
        return file.isBroken;
      },
      append: (offset, bytes) => this.translated(() => file.append(offset, bytes)),
      sync: () => this.translated(() => file.sync()),
      read: (start) => file.read(start),
      digest: (size) => this.translated(() => file.digest(size)),
      complete: (storedName) => this.translated(() => file.complete(storedName)),
      abort: () => this.translated(() => file.abort()),
      close: () => this.translated(() => file.close()),
    };
  }

  put(file: StoredFile, bytes: Uint8Array): Promise<StoredDigest> {
    return this.translated(() => this.backend.put(file, bytes));
  }

  abort(fileId: string): Promise<void> {
    return this.translated(() => this.backend.abort(fileId));
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

  /** Undefined where downloads go through this process. */
  async presignedUrl(file: StoredFile, download: Download): Promise<string | undefined> {
    return this.translated(async () => this.backend.presignedUrl?.(file, download));
  }

  remove(file: StoredFile): Promise<void> {
    return this.translated(() => this.backend.remove(file));
  }

  list(): Promise<readonly string[]> {
    return this.translated(() => this.backend.list());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.backend.close();
  }

  check(): Promise<void> {
    return this.translated(() => this.backend.check());
  }

  private async askFreeBytes(): Promise<void> {
    this.freeBytes = (await this.translated(() => this.backend.freeBytes())) ?? Infinity;
    this.freeAskedAt = performance.now();
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
