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
import { crc32 } from '@node-rs/crc32';
import { Readable } from 'node:stream';
import type { ByteRange, Download } from '../../contracts/storage-backend.js';
import type { PartDigest } from '../hashing/passing-digest-worker.js';
import { newS3Client } from './s3-client.js';
import type { ResolvedS3Options } from './s3-options.js';
import { retrying, statusOf } from '../../concurrency/retrying.js';
import { Listing } from './listing.js';

/** Bytes that can be read again where sending them failed. */
export interface ObjectBody {
  readonly bytes: number;
  chunks(): AsyncIterable<Uint8Array>;
}

/** What the store says of what it has stored. */
export interface StoredObject {
  /** Without its quotes: of one part the MD5, of several that of their MD5s, as a rule. */
  readonly etag: string;
  /** Undefined where the store computes none of its own. */
  readonly crc32: number | undefined;
}

interface SentBody {
  readonly ContentLength: number;
  readonly Body: Uint8Array | Readable;
}

interface During {
  readonly abortSignal?: AbortSignal;
}

interface Answer {
  readonly ETag?: string | undefined;
  readonly ChecksumCRC32?: string | undefined;
}

const PRESIGNED_SECONDS = 300;

/** The object store in words of our own. Calls that fail in passing are made again. */
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
    return this.sendBody(body, (sent, during) =>
      this.client.send(new PutObjectCommand({ ...object, ...sent }), during),
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
    return this.sendBody(body, (sent, during) => this.client.send(new UploadPartCommand({ ...part, ...sent }), during));
  }

  /** Where the answer to an earlier call was lost, the object is there already: it is taken for the answer. */
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
      return stored(await this.retrying(() => this.client.send(new CompleteMultipartUploadCommand(request))));
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
      return { ...stored(found), bytes: found.ContentLength ?? 0 };
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

  /** Asks once: for who wants to know whether it works now. */
  async check(): Promise<void> {
    await this.client.send(new HeadBucketCommand({ Bucket: this.options.bucket }));
  }

  /** Waits for a store that starts beside us. */
  ready(withinMs: number): Promise<void> {
    return retrying(withinMs, this.ended.signal, () => this.check());
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

  private retrying<T>(work: () => Promise<T>): Promise<T> {
    return retrying(this.options.giveUpAfterMs, this.ended.signal, work);
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
   * Always before the bytes: without it, the SDK sends it behind them, in a trailer, for which it leaves out the length.
   * There are stores that know neither.
   */
  private async checksumOf(body: ObjectBody, digest: PartDigest | undefined) {
    if (!this.withCrc32) return {};
    return { ChecksumCRC32: base64Of(digest?.crc32 ?? (await this.crc32Of(body))) };
  }

  /** Some of the body may be in the store, which may fail in passing. */
  private crc32Of({ chunks }: ObjectBody): Promise<number> {
    return this.retrying(async () => {
      let crc = 0;
      for await (const bytes of chunks()) crc = crc32(bytes, crc);
      return crc;
    });
  }

  /**
   * Sends bytes as a stream, chunk by chunk, without putting them together first. The SDK does not listen to failures of
   * the stream: they end the request, and the process lives.
   */
  private sendBody(body: ObjectBody, send: (sent: SentBody, during: During) => Promise<Answer>): Promise<StoredObject> {
    return this.retrying(async () => {
      // Some stores want a body also where there is none.
      if (body.bytes === 0) return stored(await send({ ContentLength: 0, Body: new Uint8Array(0) }, {}));
      const failed = new AbortController();
      const stream = Readable.from(body.chunks());
      let cause: Error | undefined;
      stream.on('error', (error) => {
        cause ??= error;
        failed.abort();
      });
      try {
        return stored(await send({ ContentLength: body.bytes, Body: stream }, { abortSignal: failed.signal }));
      } catch (error) {
        throw cause ?? error;
      } finally {
        stream.destroy();
      }
    });
  }
}

function stored({ ETag = '', ChecksumCRC32 }: Answer): StoredObject {
  return { etag: ETag.replaceAll('"', ''), crc32: ChecksumCRC32 === undefined ? undefined : numberOf(ChecksumCRC32) };
}

function base64Of(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc);
  return bytes.toString('base64');
}

const numberOf = (base64: string): number | undefined => {
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length === 4 ? bytes.readUInt32BE() : undefined;
};
