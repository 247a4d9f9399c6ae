import { UploadError } from '@upload-streams/protocol';
import type { SourceChunk } from '../../ports/chunk-source.js';
import { readBlobFrom, type BlobReader } from './blob-reader.js';
import { HeldSource } from './held-source.js';
import { nextTask } from './next-task.js';
import { SpareBuffers } from './spare-buffers.js';

/**
 * A File or Blob in a browser. It is read once: the bytes that are hashed are the ones that are sent. If a Blob were sent, the
 * browser would read it again.
 */
export class BlobSource extends HeldSource {
  private reader: BlobReader | undefined;
  private readonly spare = new SpareBuffers();

  /** `handle`: reads the file again after it has changed. */
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
   * An open stream reads on when the file changes, but a new read of the same Blob is refused. For that, Chromium compares
   * dates in whole seconds. A handle knows them in milliseconds.
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

  /** Returns the same Blob if the file has not changed, else the file as it is now. */
  private async now(): Promise<Blob & Partial<Pick<File, 'lastModified'>>> {
    try {
      const file = await this.fromHandle();
      if (file && (file.size !== this.size || file.lastModified !== this.lastModified)) return file;
      if (await this.isReadable()) return this.blob;
      // Its date may have been set back within a second. The file of the handle is readable in any case.
      if (file) return file;
    } catch (cause) {
      throw new UploadError('SOURCE_FAILED', undefined, { cause });
    }
    throw new UploadError('SOURCE_CHANGED', { rereadable: false });
  }

  /** undefined if there is no handle, or if the person has not allowed the page to read through it. */
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

/** The errors of a browser if a page may not read through a handle. */
const DENIED = new Set(['NotAllowedError', 'SecurityError']);

/** Whether the browser refuses to read because the file has changed since it was chosen. A missing file is not found. */
const isChange = (cause: unknown): boolean =>
  cause instanceof RangeError || (cause instanceof DOMException && cause.name === 'NotReadableError');

function readFailure(cause: unknown, rereadable: boolean): UploadError {
  return isChange(cause)
    ? new UploadError('SOURCE_CHANGED', rereadable ? undefined : { rereadable }, { cause })
    : new UploadError('SOURCE_FAILED', undefined, { cause });
}
