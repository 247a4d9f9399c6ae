import type { PartialFile, Persistence, StoredDigest } from '../../contracts/partial-file.js';
import type { Checkpoint } from '../../contracts/records.js';
import { fileKey } from './objects/keys.js';
import { readBack } from './objects/read-back.js';
import type { Removals, SharedParts } from './s3-shared.js';

/** A file whose object is complete, though no session knows: a crash came between the two. */
export class S3CompletedFile implements PartialFile {
  readonly persistence: Persistence = { survivesProcess: true, syncEveryBytes: Infinity };
  private readonly key: string;

  constructor(
    fileId: string,
    readonly size: number,
    readonly durable: Checkpoint,
    private readonly shared: SharedParts,
    private readonly removals: Removals,
  ) {
    this.key = fileKey(fileId);
  }

  async append(): Promise<void> {
    throw new Error('the file is complete already');
  }

  async sync(): Promise<void> {}

  checkpointSaved(): void {}

  read(start: number): AsyncIterable<Uint8Array> {
    return this.shared.store.read(this.key, { start, end: this.size - 1 });
  }

  digest(): Promise<StoredDigest> {
    return readBack(this.shared.store, this.key, this.shared.digests);
  }

  complete(): Promise<void> {
    return this.removals.unfinished();
  }

  discard(): Promise<void> {
    return this.removals.all();
  }

  async close(): Promise<void> {}
}
