import { UploadError } from '@upload-streams/protocol';
import type { ChunkSource, SourceChunk, SourceFacts } from '../ports/chunk-source.js';

export interface StreamSourceOptions extends SourceFacts {
  /** How much is kept that is not durable on the server, in bytes; past it the stream is not read on. */
  readonly bufferBytes: number;
}

/**
 * A stream that can be read only once, its length known or not. What was read is kept until it is durable on the server,
 * so that a lost connection can go back to there.
 */
export class StreamSource implements ChunkSource {
  readonly fileName: string;
  readonly size: number | undefined;
  readonly type: string | undefined;
  readonly lastModified: number | undefined;
  private readonly iterator: AsyncIterator<Uint8Array | string>;
  private readonly bufferBytes: number;
  /** What was read and is not yet durable, piece by piece; the first starts at `keptFrom`. */
  private kept: Uint8Array[] = [];
  private keptFrom = 0;
  private readUpTo = 0;
  private cursor = 0;
  private ended = false;
  private flushAskedAt: number | undefined;
  private onRelease: (() => void) | undefined;

  constructor(stream: AsyncIterable<Uint8Array | string>, options: StreamSourceOptions) {
    this.iterator = stream[Symbol.asyncIterator]();
    this.bufferBytes = options.bufferBytes;
    this.fileName = options.fileName;
    this.size = options.size;
    this.type = options.type;
    this.lastModified = options.lastModified;
  }

  async seek(offset: number): Promise<void> {
    if (offset < this.keptFrom || offset > this.readUpTo) throw new UploadError('SOURCE_NOT_REREADABLE');
    this.cursor = offset;
    this.flushAskedAt = undefined;
  }

  async next(maxBytes: number): Promise<SourceChunk> {
    if (this.cursor === this.readUpTo && !this.ended) {
      if (await this.mustFlush()) return { ...chunkOf(NO_BYTES), last: false };
      await this.readOn();
    }
    const bytes = this.keptSlice(this.cursor, maxBytes);
    this.cursor += bytes.length;
    return { ...chunkOf(bytes), last: this.ended && this.cursor === this.readUpTo };
  }

  release(offset: number): void {
    while (this.kept.length > 0 && this.keptFrom + this.kept[0]!.length <= offset) {
      this.keptFrom += this.kept.shift()!.length;
    }
    this.onRelease?.();
  }

  async close(): Promise<void> {
    this.onRelease?.();
    await this.iterator.return?.();
  }

  /** With the buffer full: asks once for a flush, then waits until something is released. */
  private async mustFlush(): Promise<boolean> {
    while (this.readUpTo - this.keptFrom >= this.bufferBytes && !this.ended) {
      if (this.flushAskedAt !== this.readUpTo) {
        this.flushAskedAt = this.readUpTo;
        return true;
      }
      await new Promise<void>((resolve) => (this.onRelease = resolve));
    }
    return false;
  }

  private async readOn(): Promise<void> {
    const piece = await this.readPiece();
    if (piece === undefined) this.ended = true;
    else if (piece.length > 0) {
      this.kept.push(piece);
      this.readUpTo += piece.length;
    }
    if (this.readUpTo === this.size) this.ended = true;
    if (this.size !== undefined && (this.ended ? this.readUpTo !== this.size : this.readUpTo > this.size)) {
      throw new UploadError('SOURCE_FAILED', undefined, {
        cause: new Error(`the stream gave ${this.readUpTo} of ${this.size} bytes`),
      });
    }
  }

  private async readPiece(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = await this.iterator.next();
      if (done) return undefined;
      return typeof value === 'string' ? new TextEncoder().encode(value) : value;
    } catch (cause) {
      throw new UploadError('SOURCE_FAILED', undefined, { cause });
    }
  }

  /** Bytes from `offset` on out of one piece kept: a chunk never joins two, which would be a copy. */
  private keptSlice(offset: number, maxBytes: number): Uint8Array {
    let start = this.keptFrom;
    for (const piece of this.kept) {
      if (offset < start + piece.length) return piece.subarray(offset - start, offset - start + maxBytes);
      start += piece.length;
    }
    return NO_BYTES;
  }
}

const NO_BYTES = new Uint8Array(0);

const chunkOf = (bytes: Uint8Array) => ({ payload: bytes, bytes });
