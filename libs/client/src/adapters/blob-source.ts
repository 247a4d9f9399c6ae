import { UploadError } from '@upload-streams/protocol';
import type { SourceChunk } from '../ports/chunk-source.js';
import { readBlobFrom, type BlobReader } from './blob-reader.js';
import { HeldSource } from './held-source.js';
import { nextTask } from './next-task.js';
import { SpareBuffers } from './spare-buffers.js';

/**
 * A File or Blob of a browser. It is read once: the bytes that the checksum is of are those that go on the wire. (A Blob on
 * the wire would be read by the browser again.)
 */
export class BlobSource extends HeldSource {
  private reader: BlobReader | undefined;
  private readonly spare = new SpareBuffers();

  constructor(
    private readonly blob: Blob,
    facts: ConstructorParameters<typeof HeldSource>[1],
  ) {
    super(blob.size, facts);
  }

  override async seek(offset: number): Promise<void> {
    if (offset !== this.cursor) this.stop();
    this.cursor = offset;
  }

  async next(maxBytes: number): Promise<SourceChunk> {
    const wanted = Math.min(maxBytes, this.size - this.cursor);
    const bytes = wanted > 0 ? await this.read(wanted) : new Uint8Array(0);
    this.cursor += wanted;
    return { bytes, last: this.cursor >= this.size, free: () => this.spare.give(bytes.buffer) };
  }

  override async close(): Promise<void> {
    this.stop();
  }

  /** A browser refuses to read a file that was changed, moved or removed since it was chosen. */
  private async read(bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      await nextTask();
      this.reader ??= readBlobFrom(this.blob, this.cursor);
      return await this.reader.read(bytes, this.spare.take(bytes));
    } catch (cause) {
      this.stop();
      throw new UploadError('SOURCE_FAILED', undefined, { cause });
    }
  }

  private stop(): void {
    this.reader?.cancel();
    this.reader = undefined;
  }
}
