import type { CompletedPart } from '@aws-sdk/client-s3';
import type { PartDigest } from '../../hashing/passing-digest-worker.js';
import type { GrowingPart } from './growing-part.js';
import type { ObjectStore } from '../objects/object-store.js';
import type { StoredObject } from '../objects/stored-object.js';

/** Sends the parts of one file, a few at once, and completes the multipart upload. */
export class PartSender {
  private readonly sending = new Map<number, Promise<void>>();
  private readonly sent: CompletedPart[];
  private upload: Promise<string> | undefined;
  private readonly digests = new Map<number, PartDigest>();

  /** `uploadId` and `parts` are those of a multipart upload that goes on. */
  constructor(
    private readonly store: ObjectStore,
    private readonly key: string,
    private readonly partsAtOnce: number,
    uploadId?: string,
    parts: readonly CompletedPart[] = [],
  ) {
    this.upload = uploadId === undefined ? undefined : Promise.resolve(uploadId);
    this.sent = [...parts];
  }

  /** Whether there is a multipart upload to complete. */
  get hasBegun(): boolean {
    return this.upload !== undefined;
  }

  /** Resolves when there is room for one more. */
  async room(): Promise<void> {
    while (this.sending.size >= this.partsAtOnce) await Promise.race(this.sending.values());
  }

  /** Does not wait and never throws: `onEnd` is told of the end, and of the error if there was one. */
  send(part: GrowingPart, digest: Promise<PartDigest | undefined>, onEnd: (error?: unknown) => Promise<void>): void {
    const { number } = part.span;
    const ended = this.sendOne(part, digest)
      .then(
        () => onEnd(),
        (error) => onEnd(error),
      )
      .finally(() => this.sending.delete(number));
    this.sending.set(number, ended);
  }

  /** Resolves when all parts that were sent before have arrived or failed. */
  async settled(): Promise<void> {
    await Promise.all(this.sending.values());
  }

  async complete(crc32: number | undefined): Promise<{ object: StoredObject; parts: readonly PartDigest[] }> {
    await this.settled();
    const sent = this.sent.sort((a, b) => a.PartNumber! - b.PartNumber!);
    const object = await this.store.completeUpload(this.key, await this.upload!, sent, crc32);
    const parts = sent.map(({ PartNumber }) => this.digests.get(PartNumber!) ?? { crc32: 0, md5: undefined });
    return { object, parts };
  }

  private async sendOne(part: GrowingPart, digest: Promise<PartDigest | undefined>): Promise<void> {
    const { number } = part.span;
    this.upload ??= this.store.createUpload(this.key);
    // It may fail before anybody awaits it; below, the error is thrown.
    this.upload.catch(() => undefined);
    const known = await digest;
    const { etag } = await this.store.uploadPart(this.key, await this.upload, number, part.body(), known);
    if (known) this.digests.set(number, known);
    this.sent.push({ PartNumber: number, ETag: `"${etag}"` });
  }
}
