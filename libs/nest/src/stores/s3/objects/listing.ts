import { ListMultipartUploadsCommand, ListObjectsV2Command, ListPartsCommand, type S3Client } from '@aws-sdk/client-s3';

/** A multipart upload that was begun and neither completed nor aborted. */
export interface FoundUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly begunAt: number;
}

export interface FoundObject {
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: number;
}

export interface FoundPart {
  readonly number: number;
  readonly bytes: number;
  readonly etag: string;
}

interface Page {
  readonly IsTruncated?: boolean | undefined;
}

/**
 * All pages of a list, up to the one that says that it is the last. (The SDK's paginators go on as long as there is a
 * marker, and some stores always send one.)
 */
async function* pagesOf<Answer extends Page>(
  ask: (markers: object) => Promise<Answer>,
  markersAfter: (page: Answer) => object,
): AsyncIterable<Answer> {
  let page = await ask({});
  yield page;
  while (page.IsTruncated) {
    page = await ask(markersAfter(page));
    yield page;
  }
}

/** Lists what is in a bucket. */
export class Listing {
  constructor(
    private readonly client: S3Client,
    private readonly bucket: string,
    /** What all keys begin with. It is left out of the keys that are returned. */
    private readonly prefix: string,
    private readonly retrying: <T>(work: () => Promise<T>) => Promise<T>,
  ) {}

  async *objects(prefix: string): AsyncIterable<FoundObject> {
    const asked = { Bucket: this.bucket, Prefix: this.prefix + prefix };
    const ask = (markers: object) =>
      this.retrying(() => this.client.send(new ListObjectsV2Command({ ...asked, ...markers })));
    const pages = pagesOf(ask, (page) => ({ ContinuationToken: page.NextContinuationToken }));
    for await (const { Contents = [] } of pages) {
      for (const { Key, Size = 0, LastModified } of Contents) {
        yield { key: this.keyOf(Key!), bytes: Size, modifiedAt: LastModified?.getTime() ?? 0 };
      }
    }
  }

  async *uploads(prefix: string): AsyncIterable<FoundUpload> {
    const asked = { Bucket: this.bucket, Prefix: this.prefix + prefix };
    const ask = (markers: object) =>
      this.retrying(() => this.client.send(new ListMultipartUploadsCommand({ ...asked, ...markers })));
    const pages = pagesOf(ask, (page) => ({ KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }));
    for await (const { Uploads = [] } of pages) {
      for (const { Key, UploadId, Initiated } of Uploads) {
        yield { key: this.keyOf(Key!), uploadId: UploadId!, begunAt: Initiated?.getTime() ?? 0 };
      }
    }
  }

  async *parts(key: string, UploadId: string): AsyncIterable<FoundPart> {
    const asked = { Bucket: this.bucket, Key: this.prefix + key, UploadId };
    const ask = (markers: object) =>
      this.retrying(() => this.client.send(new ListPartsCommand({ ...asked, ...markers })));
    const pages = pagesOf(ask, (page) => ({ PartNumberMarker: page.NextPartNumberMarker }));
    for await (const { Parts = [] } of pages) {
      for (const { PartNumber, Size, ETag } of Parts) yield { number: PartNumber!, bytes: Size!, etag: ETag! };
    }
  }

  private keyOf(key: string): string {
    return key.slice(this.prefix.length);
  }
}
