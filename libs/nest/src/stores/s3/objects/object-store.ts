import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Readable } from 'node:stream';
import type { ByteRange, Download } from '../../../contracts/storage-backend.js';
import type { PartDigest } from '../../hashing/passing-digest-worker.js';
import { newS3Client } from './s3-client.js';
import type { ResolvedS3Options } from '../s3-options.js';
import { retry } from '../../../concurrency/retry.js';
import { Listing } from './listing.js';
import { crc32Of, sendAsStream, type ObjectBody, type SendOptions, type SentBody } from './object-body.js';
import { mayPass, statusOf } from './s3-errors.js';
import { base64Of, storedObject, type StoredObject } from './stored-object.js';

const PRESIGNED_SECONDS = 300;

/** A bucket of an object store. Calls whose failure may pass are retried, but for `check` and `createBucket`. */
export class ObjectStore {
  private readonly client: S3Client;
  private readonly ended = new AbortController();
  /** Whether the store is sent CRC-32, and asked for its own. */
  private readonly withCrc32: boolean;
  readonly list: Listing;

  constructor(private readonly options: ResolvedS3Options) {
    this.client = newS3Client(options);
    this.withCrc32 = options.checksums === 'when_supported';
    this.list = new Listing(this.client, options.bucket, options.prefix, (work) => this.retrying(work));
  }

  async put(key: string, body: ObjectBody, digest?: PartDigest): Promise<StoredObject> {
    const object = { ...this.named(key), ...(await this.checksumOf(body, digest)) };
    return this.sendBody(body, (sent, options) =>
      this.client.send(new PutObjectCommand({ ...object, ...sent }), options),
    );
  }

  async createUpload(key: string): Promise<string> {
    const checksum = this.withCrc32 ? ({ ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' } as const) : {};
    const request = { ...this.named(key), ...checksum };
    const { UploadId } = await this.retrying(() => this.client.send(new CreateMultipartUploadCommand(request)));
    return UploadId!;
  }

  async uploadPart(
    key: string,
    UploadId: string,
    PartNumber: number,
    body: ObjectBody,
    digest?: PartDigest,
  ): Promise<StoredObject> {
    const part = { ...this.named(key), UploadId, PartNumber, ...(await this.checksumOf(body, digest)) };
    return this.sendBody(body, (sent, options) =>
      this.client.send(new UploadPartCommand({ ...part, ...sent }), options),
    );
  }

  /** Where the answer to an earlier call was lost, the object is there already, and counts as the answer. */
  async completeUpload(
    key: string,
    UploadId: string,
    Parts: readonly CompletedPart[],
    wholeCrc32: number | undefined,
  ): Promise<StoredObject> {
    const full = this.withCrc32 && wholeCrc32 !== undefined ? { ChecksumCRC32: base64Of(wholeCrc32) } : {};
    const type = this.withCrc32 ? ({ ChecksumType: 'FULL_OBJECT' } as const) : {};
    const request = { ...this.named(key), ...full, ...type, UploadId, MultipartUpload: { Parts: [...Parts] } };
    try {
      return storedObject(await this.retrying(() => this.client.send(new CompleteMultipartUploadCommand(request))));
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      const found = await this.head(key);
      if (!found) throw error;
      return found;
    }
  }

  async abortUpload(key: string, UploadId: string): Promise<void> {
    await this.unlessGone(() => this.client.send(new AbortMultipartUploadCommand({ ...this.named(key), UploadId })));
  }

  /** Undefined where there is no such object. */
  async head(key: string): Promise<(StoredObject & { readonly bytes: number }) | undefined> {
    try {
      const mode = this.withCrc32 ? ({ ChecksumMode: 'ENABLED' } as const) : {};
      const found = await this.retrying(() => this.client.send(new HeadObjectCommand({ ...this.named(key), ...mode })));
      return { ...storedObject(found), bytes: found.ContentLength ?? 0 };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  /** The request is made when the stream is read, and ended when it is destroyed. It fails with ENOENT where there is no such object. */
  read(key: string, range?: ByteRange): Readable {
    const Range = range && `bytes=${range.start}-${range.end}`;
    return Readable.from(this.chunks({ ...this.named(key), Range }), { objectMode: false });
  }

  async remove(key: string): Promise<void> {
    await this.unlessGone(() => this.client.send(new DeleteObjectCommand(this.named(key))));
  }

  presignedUrl(key: string, { disposition, type }: Download): Promise<string> {
    const asked = { ...this.named(key), ResponseContentDisposition: disposition, ResponseContentType: type };
    return getSignedUrl(this.client, new GetObjectCommand(asked), { expiresIn: PRESIGNED_SECONDS });
  }

  /** Asks once: whether the bucket can be used now. */
  async check(): Promise<void> {
    await this.client.send(new HeadBucketCommand({ Bucket: this.options.bucket }));
  }

  /** Waits for a store that starts at the same time. */
  ready(giveUpAfterMs: number): Promise<void> {
    return this.retrying(() => this.check(), giveUpAfterMs);
  }

  async createBucket(): Promise<void> {
    await this.client.send(new CreateBucketCommand({ Bucket: this.options.bucket }));
  }

  close(): void {
    this.ended.abort();
    this.client.destroy();
  }

  private async *chunks(request: { Bucket: string; Key: string; Range?: string | undefined }) {
    const { Body } = await this.retrying(() => this.client.send(new GetObjectCommand(request))).catch((error) => {
      throw statusOf(error) === 404 ? Object.assign(error as Error, { code: 'ENOENT' }) : error;
    });
    yield* Body as AsyncIterable<Uint8Array>;
  }

  private retrying<T>(work: () => Promise<T>, giveUpAfterMs = this.options.giveUpAfterMs): Promise<T> {
    return retry(work, { giveUpAfterMs, signal: this.ended.signal, shouldRetry: mayPass });
  }

  private async unlessGone(work: () => Promise<unknown>): Promise<void> {
    await this.retrying(work).catch((error) => {
      if (statusOf(error) !== 404) throw error;
    });
  }

  private named(key: string) {
    return { Bucket: this.options.bucket, Key: this.options.prefix + key };
  }

  /**
   * Always sent before the bytes: otherwise the SDK sends it after them, in a trailer, and leaves out the length. Some
   * stores support neither.
   */
  private async checksumOf(body: ObjectBody, digest: PartDigest | undefined) {
    if (!this.withCrc32) return {};
    return { ChecksumCRC32: base64Of(digest?.crc32 ?? (await this.retrying(() => crc32Of(body)))) };
  }

  private sendBody(
    body: ObjectBody,
    send: (sent: SentBody, options: SendOptions) => Promise<Parameters<typeof storedObject>[0]>,
  ): Promise<StoredObject> {
    return this.retrying(async () => storedObject(await sendAsStream(body, send)));
  }
}
