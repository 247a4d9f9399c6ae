import { Logger } from '@nestjs/common';
import { freeBytes } from '@upload-streams/protocol';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { PartialFile, StoredDigest } from '../../contracts/partial-file.js';
import { NOTHING_DURABLE, type Checkpoint } from '../../contracts/records.js';
import type {
  ByteRange,
  CompletedFile,
  Download,
  StorageBackend,
  StoredFile,
} from '../../contracts/storage-backend.js';
import type { FreeMemory } from '../../performance/free-memory.js';
import { isFileId } from '../file-id.js';
import { digestOf } from '../hashing/digest.js';
import type { PartDigest } from '../hashing/passing-digest-worker.js';
import { PassingDigests } from '../hashing/passing-digests.js';
import { requireBucket } from './bucket-check.js';
import { fileIdOf, fileKey, FILES, tailsPrefix } from './objects/keys.js';
import { bodyOf } from './objects/object-body.js';
import { ObjectStore } from './objects/object-store.js';
import { readBack } from './objects/read-back.js';
import { isProven } from './objects/stored-object.js';
import { PartMemory } from './parts/part-memory.js';
import { S3CompletedFile } from './s3-completed-file.js';
import { resolveS3Options, type ResolvedS3Options, type S3StorageOptions } from './s3-options.js';
import { S3PartialFile } from './s3-partial-file.js';
import { S3Quarantine } from './s3-quarantine.js';
import { S3Identity, S3Records } from './s3-records.js';
import type { Removals, SharedParts } from './s3-shared.js';
import { findResumption, NOTHING } from './tails/resumption.js';

/**
 * Files in an S3-compatible object store: `files/<fileId>` once they are complete, before that a multipart upload to the
 * same key, and tail objects for what is durable and fills no part yet. Several gateways may use one bucket.
 */
export class S3Storage implements StorageBackend {
  readonly quarantine: S3Quarantine;
  readonly records: S3Records;
  readonly identity: S3Identity;
  readonly presignedUrl?: (file: StoredFile, download: Download) => Promise<string>;
  private readonly logger = new Logger(S3Storage.name);
  private readonly options: ResolvedS3Options;
  private readonly shared: SharedParts;

  /** `sha256`: whether it is computed of each file beside CRC-32. `free`: called with bytes that are no longer needed. */
  constructor(
    options: S3StorageOptions,
    private readonly sha256 = true,
    free: FreeMemory = freeBytes,
  ) {
    this.options = resolveS3Options(options);
    const store = new ObjectStore(this.options);
    this.shared = {
      store,
      memory: new PartMemory(this.options.memoryBytes),
      free,
      digests: new PassingDigests({ md5: this.options.checksums === 'when_required', sha256 }),
      partsAtOnce: this.options.partsAtOnce,
    };
    this.quarantine = new S3Quarantine(store, this.options.orphanAgeMs, (fileId) => this.discard(fileId));
    this.records = new S3Records(store);
    this.identity = new S3Identity(store);
    if (this.options.presignDownloads) {
      this.presignedUrl = ({ fileId }, download) => store.presignedUrl(fileKey(fileId), download);
    }
  }

  prepare(): Promise<void> {
    return requireBucket(this.shared.store, this.options);
  }

  async create({ fileId }: StoredFile): Promise<PartialFile> {
    return new S3PartialFile(fileId, this.shared, NOTHING, this.removalsOf(fileId));
  }

  async open({ fileId }: StoredFile, durable: Checkpoint): Promise<PartialFile> {
    const { store } = this.shared;
    const removals = this.removalsOf(fileId);
    const completed = await store.head(fileKey(fileId));
    if (completed) {
      const start = completed.bytes < durable.offset ? NOTHING_DURABLE : durable;
      return new S3CompletedFile(fileId, completed.bytes, start, this.shared, removals);
    }
    const resumption = await findResumption(store, fileId, durable);
    // Nobody was told that anything of it is durable.
    if (durable.offset === 0) await removals.unfinished();
    const { offset } = resumption.durable;
    if (offset < durable.offset) {
      this.logger.warn(`${fileKey(fileId)}: of ${durable.offset} bytes that were durable, ${offset} can be used`);
    }
    return new S3PartialFile(fileId, this.shared, resumption, removals);
  }

  /** Removes multipart uploads, tail objects and checkpoints. */
  async discard(fileId: string): Promise<void> {
    const { store } = this.shared;
    for await (const { key, uploadId } of store.list.uploads(fileKey(fileId))) {
      if (key === fileKey(fileId)) await store.abortUpload(key, uploadId);
    }
    for await (const { key } of store.list.objects(tailsPrefix(fileId))) await store.remove(key);
  }

  async put({ fileId }: StoredFile, bytes: Uint8Array): Promise<StoredDigest> {
    const { store, digests } = this.shared;
    const whole = digestOf(bytes, this.sha256);
    const part: PartDigest = { crc32: whole.crc32, md5: createHash('md5').update(bytes).digest() };
    const object = await store.put(fileKey(fileId), bodyOf(bytes), part);
    return isProven(object, whole, [part]) ? whole : readBack(store, fileKey(fileId), digests);
  }

  read({ fileId }: StoredFile, range?: ByteRange): Readable {
    return this.shared.store.read(fileKey(fileId), range);
  }

  async sizeOf({ fileId }: StoredFile): Promise<number | undefined> {
    return (await this.shared.store.head(fileKey(fileId)))?.bytes;
  }

  digest({ fileId }: StoredFile): Promise<StoredDigest> {
    return readBack(this.shared.store, fileKey(fileId), this.shared.digests);
  }

  async remove(fileId: string): Promise<void> {
    await this.shared.store.remove(fileKey(fileId));
  }

  async *completedFiles(): AsyncIterable<CompletedFile> {
    for await (const { key, bytes: size, modifiedAt } of this.shared.store.list.objects(FILES)) {
      const fileId = fileIdOf(key);
      if (isFileId(fileId) && key === fileKey(fileId)) yield { fileId, size, modifiedAt };
    }
  }

  check(): Promise<void> {
    return this.shared.store.check();
  }

  async close(): Promise<void> {
    this.shared.store.close();
    await this.shared.digests.close();
  }

  private removalsOf(fileId: string): Removals {
    const unfinished = () => this.discard(fileId);
    const all = async () => {
      await unfinished();
      await this.remove(fileId);
    };
    return { unfinished, all };
  }
}
