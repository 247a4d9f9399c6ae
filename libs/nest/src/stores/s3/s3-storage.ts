import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Logger } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { NOTHING_DURABLE, type Checkpoint, type FileRecord } from '../../contracts/records.js';
import { digestOf } from '../hashing/digest.js';
import { isFileId } from '../file-id.js';
import { currentRecord } from '../file-record.js';
import type { PartDigest } from '../hashing/passing-digest-worker.js';
import { PassingDigests } from '../hashing/passing-digests.js';
import type {
  ByteRange,
  Download,
  CompletedFile,
  PartialFile,
  Quarantined,
  StorageBackend,
  StoredDigest,
  StoredFile,
} from '../../contracts/storage-backend.js';
import { findResumption, NOTHING } from './found-upload.js';
import { ObjectStore, type ObjectBody } from './object-store.js';
import { PartMemory } from './part-memory.js';
import {
  fileIdOf,
  fileKey,
  FILES,
  IDENTITY,
  PIECES,
  piecesPrefix,
  QUARANTINE,
  quarantinePrefix,
  RECORDS,
} from './pieces.js';
import { statusOf } from '../../concurrency/retrying.js';
import { readBack } from './read-back.js';
import { isRefusal, probeStore } from './store-probe.js';
import { S3CompletedFile } from './s3-completed-file.js';
import { resolveS3Options, type ResolvedS3Options, type S3StorageOptions } from './s3-options.js';
import { S3PartialFile, type Removals, type SharedParts } from './s3-partial-file.js';
import { isProven } from './stored-proof.js';

/**
 * Files in an S3-compatible object store: `files/<fileId>` once they are complete, an upload in parts to that key before,
 * and `pieces/<fileId>/<start>-<end>` for what is durable and fills no part yet. Several gateways may use one bucket.
 */
export class S3Storage implements StorageBackend {
  private readonly logger = new Logger(S3Storage.name);
  private readonly options: ResolvedS3Options;
  private readonly shared: SharedParts;
  readonly presignedUrl?: (file: StoredFile, download: Download) => Promise<string>;

  /** `sha256`: whether it is computed of each file beside CRC-32. */
  constructor(
    options: S3StorageOptions,
    private readonly sha256 = true,
  ) {
    this.options = resolveS3Options(options);
    const store = new ObjectStore(this.options);
    this.shared = {
      store,
      memory: new PartMemory(this.options.memoryBytes),
      digests: new PassingDigests({ md5: this.options.checksums === 'when_required', sha256 }),
      partsAtOnce: this.options.partsAtOnce,
    };
    if (this.options.presignDownloads) {
      this.presignedUrl = ({ fileId }, download) => store.presignedUrl(fileKey(fileId), download);
    }
  }

  /** Rejects with one sentence where the bucket can't be used. */
  async prepare(): Promise<void> {
    const { bucket, endpoint = 'AWS' } = this.options;
    try {
      await this.requireBucket();
    } catch (cause) {
      throw new Error(`The bucket ${bucket} at ${endpoint} can't be used: ${reasonOf(cause)}`, { cause });
    }
    try {
      await probeStore(this.shared.store);
    } catch (cause) {
      const advice = await this.checksumAdvice(cause);
      throw new Error(`The bucket ${bucket} at ${endpoint} refuses what uploads need: ${reasonOf(cause)}${advice}`, {
        cause,
      });
    }
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
    if (resumption.durable.offset < durable.offset) {
      this.logger.warn(
        `${fileKey(fileId)}: of ${durable.offset} bytes that were durable, ${resumption.durable.offset} can be used`,
      );
    }
    return new S3PartialFile(fileId, this.shared, resumption, removals);
  }

  async put({ fileId }: StoredFile, bytes: Uint8Array): Promise<StoredDigest> {
    const { store, digests } = this.shared;
    const whole = digestOf(bytes, this.sha256);
    const part: PartDigest = { crc32: whole.crc32, md5: createHash('md5').update(bytes).digest() };
    const body = {
      bytes: bytes.length,
      async *chunks() {
        yield bytes;
      },
    };
    const object = await store.put(fileKey(fileId), body, part);
    return isProven(object, whole, [part]) ? whole : readBack(store, fileKey(fileId), digests);
  }

  async discard(fileId: string): Promise<void> {
    await this.abortUploads(fileId);
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

  /** Of what is old enough: what is younger may be about to be noted by another gateway. */
  async unfinished(): Promise<readonly string[]> {
    const before = Date.now() - this.options.orphanAgeMs;
    const found = new Set<string>();
    for await (const { key, modifiedAt } of this.shared.store.list.objects(PIECES)) {
      if (modifiedAt <= before) found.add(fileIdOf(key));
    }
    for await (const { key, begunAt } of this.shared.store.list.uploads(FILES)) {
      if (begunAt <= before) found.add(fileIdOf(key));
    }
    for (const { fileId } of await this.quarantined()) found.delete(fileId);
    return [...found].filter(isFileId);
  }

  async quarantine(fileId: string): Promise<void> {
    await this.shared.store.put(quarantinePrefix(fileId) + Date.now(), bodyOfText(''));
  }

  async quarantined(): Promise<readonly Quarantined[]> {
    const found: Quarantined[] = [];
    for await (const { key } of this.shared.store.list.objects(QUARANTINE)) {
      const [, fileId, since] = /^quarantine\/([0-9a-f]{32})\/(\d{1,15})$/.exec(key) ?? [];
      if (fileId !== undefined) found.push({ fileId, since: Number(since) });
    }
    return found;
  }

  async purge({ fileId, since }: Quarantined): Promise<void> {
    await this.abortUploads(fileId);
    await this.shared.store.remove(quarantinePrefix(fileId) + since);
  }

  async saveRecord(file: FileRecord): Promise<void> {
    await this.shared.store.put(RECORDS + file.fileId, bodyOfText(JSON.stringify(file)));
  }

  async removeRecord(fileId: string): Promise<void> {
    await this.shared.store.remove(RECORDS + fileId);
  }

  async records(): Promise<readonly FileRecord[]> {
    const { store } = this.shared;
    const records: FileRecord[] = [];
    for await (const { key } of store.list.objects(RECORDS)) {
      if (!isFileId(fileIdOf(key))) continue;
      records.push(currentRecord(JSON.parse(String(await buffer(store.read(key)))) as FileRecord));
    }
    return records;
  }

  async *completedFiles(): AsyncIterable<CompletedFile> {
    for await (const { key, bytes: size, modifiedAt } of this.shared.store.list.objects(FILES)) {
      if (isFileId(fileIdOf(key)) && key === fileKey(fileIdOf(key))) yield { fileId: fileIdOf(key), size, modifiedAt };
    }
  }

  async identity(): Promise<string | undefined> {
    const { store } = this.shared;
    if (!(await store.head(IDENTITY))) return undefined;
    return String(await buffer(store.read(IDENTITY))).trim() || undefined;
  }

  async setIdentity(id: string): Promise<void> {
    await this.shared.store.put(IDENTITY, bodyOfText(id));
  }

  async hasFiles(): Promise<boolean> {
    for await (const { key } of this.shared.store.list.objects(FILES)) if (isFileId(fileIdOf(key))) return true;
    return false;
  }

  /** An object store is as large as it has to be. */
  async freeBytes(): Promise<undefined> {
    return undefined;
  }

  check(): Promise<void> {
    return this.shared.store.check();
  }

  async close(): Promise<void> {
    this.shared.store.close();
    await this.shared.digests.close();
  }

  /** Several gateways that start at once may all make it: what counts is that it is there. */
  private async requireBucket(): Promise<void> {
    const { store } = this.shared;
    try {
      await store.ready(this.options.startTimeoutMs);
    } catch (error) {
      if (!this.options.createBucket || statusOf(error) !== 404) throw error;
      await store.createBucket().catch(() => undefined);
      await store.check();
    }
  }

  /** Whether the store takes the same requests without CRC-32, and what to set then. */
  private async checksumAdvice(error: unknown): Promise<string> {
    if (this.options.checksums === 'when_required' || !isRefusal(error)) return '';
    const store = new ObjectStore({ ...this.options, checksums: 'when_required' });
    try {
      await probeStore(store);
      return '. It works without CRC-32: set S3_CHECKSUMS=when_required (option checksums)';
    } catch {
      return '';
    } finally {
      store.close();
    }
  }

  private removalsOf(fileId: string): Removals {
    const unfinished = () => this.abortUploads(fileId);
    const all = async () => {
      await unfinished();
      await this.shared.store.remove(fileKey(fileId));
    };
    return { unfinished, all };
  }

  /** Removes what there is beside the completed file. */
  private async abortUploads(fileId: string): Promise<void> {
    const { store } = this.shared;
    for await (const { key, uploadId } of store.list.uploads(fileKey(fileId))) {
      if (key === fileKey(fileId)) await store.abortUpload(key, uploadId);
    }
    for await (const { key } of store.list.objects(piecesPrefix(fileId))) await store.remove(key);
  }
}

function bodyOfText(text: string): ObjectBody {
  const bytes = Buffer.from(text);
  return {
    bytes: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}

function reasonOf(error: unknown): string {
  const { name, message } = error as Error;
  const known: Record<number, string> = {
    301: 'it is in another region',
    403: 'access is denied; check the credentials and the policy of the bucket',
    404: 'there is no such bucket',
  };
  return known[statusOf(error) ?? 0] ?? `${name}: ${message}`;
}
