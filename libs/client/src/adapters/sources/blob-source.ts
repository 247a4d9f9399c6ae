import { UploadError } from '@upload-streams/protocol';
import type { SourceChunk } from '../../ports/chunk-source.js';
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

  /** `handle`: where the file can be read as it is now, once it changed. */
  constructor(
    private blob: Blob,
    facts: ConstructorParameters<typeof HeldSource>[1],
    private readonly handle?: Pick<FileSystemFileHandle, 'getFile'>,
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

  /**
   * A stream that is open already reads on when the file is changed; a new read of the same Blob is refused. Chromium
   * compares dates by whole seconds there; a handle knows them by milliseconds.
   */
  override async verify(): Promise<boolean> {
    const now = await this.now();
    if (now === this.blob) return true;
    this.stop();
    this.blob = now;
    this.size = now.size;
    this.lastModified = now.lastModified;
    return false;
  }

  override async close(): Promise<void> {
    this.stop();
  }

  private async read(bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      await nextTask();
      this.reader ??= readBlobFrom(this.blob, this.cursor);
      return await this.reader.read(bytes, this.spare.take(bytes));
    } catch (cause) {
      this.stop();
      throw readFailure(cause, this.handle !== undefined);
    }
  }

  /** The same Blob where the file did not change, else the file as it is now. */
  private async now(): Promise<Blob & Partial<Pick<File, 'lastModified'>>> {
    try {
      const file = await this.fromHandle();
      if (file && (file.size !== this.size || file.lastModified !== this.lastModified)) return file;
      if (await this.isReadable()) return this.blob;
      // Its date may have been set back within a second: what the handle gives is readable at any rate.
      if (file) return file;
    } catch (cause) {
      throw new UploadError('SOURCE_FAILED', undefined, { cause });
    }
    throw new UploadError('SOURCE_CHANGED', { rereadable: false });
  }

  /** Undefined also where the person did not allow to read through the handle: the file may have been chosen anew since. */
  private async fromHandle(): Promise<File | undefined> {
    try {
      return await this.handle?.getFile();
    } catch (cause) {
      if (cause instanceof DOMException && DENIED.has(cause.name)) return undefined;
      throw cause;
    }
  }

  private async isReadable(): Promise<boolean> {
    try {
      await this.blob.slice(0, 1).arrayBuffer();
      return true;
    } catch (cause) {
      if (isChange(cause)) return false;
      throw cause;
    }
  }

  private stop(): void {
    this.reader?.cancel();
    this.reader = undefined;
  }
}

/** What a browser says where a page may not read through a handle. */
const DENIED = new Set(['NotAllowedError', 'SecurityError']);

/** A browser refuses to read a file that was changed since it was chosen; one that is gone it does not find. */
const isChange = (cause: unknown): boolean =>
  cause instanceof RangeError || (cause instanceof DOMException && cause.name === 'NotReadableError');

function readFailure(cause: unknown, rereadable: boolean): UploadError {
  return isChange(cause)
    ? new UploadError('SOURCE_CHANGED', rereadable ? undefined : { rereadable }, { cause })
    : new UploadError('SOURCE_FAILED', undefined, { cause });
}
