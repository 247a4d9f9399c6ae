import { UploadError } from '@upload-streams/protocol';
import type { ChunkSource, SourceChunk, SourceFacts } from '../../ports/chunk-source.js';

/** What is needed of a stream of Node. */
export interface LiveStream extends AsyncIterable<Uint8Array | string> {
  on(event: 'error', listener: (error: Error) => void): unknown;
  destroy(): unknown;
}

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
  private closed = false;
  private flushAskedAt: number | undefined;
  /** A wait for room and for the stream; it outlives an interrupted `next`. Once failed, it stays so. */
  private filling: Promise<void> | undefined;
  private onRelease: (() => void) | undefined;
  private onInterrupt: (() => void) | undefined;

  constructor(
    private readonly stream: LiveStream,
    options: StreamSourceOptions,
  ) {
    // The iterator throws it as well, but until it is first read an error without a listener would end the process.
    stream.on('error', () => undefined);
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
      if (this.mustFlush()) return { bytes: NO_BYTES, last: false };
      const interrupted = new Promise<void>((resolve) => (this.onInterrupt = resolve));
      await Promise.race([(this.filling ??= this.fill()), interrupted]);
    }
    const bytes = this.keptSlice(this.cursor, maxBytes);
    this.cursor += bytes.length;
    return { bytes, last: this.ended && this.cursor === this.readUpTo };
  }

  /** What was read once is not read again. */
  async verify(): Promise<boolean> {
    return true;
  }

  interrupt(): void {
    this.onInterrupt?.();
  }

  release(offset: number): void {
    while (this.kept.length > 0 && this.keptFrom + this.kept[0]!.length <= offset) {
      this.keptFrom += this.kept.shift()!.length;
    }
    this.onRelease?.();
  }

  /** Not by way of the iterator: that would wait for the stream, and leave one open that was never read. */
  async close(): Promise<void> {
    this.closed = true;
    this.stream.destroy();
    this.onRelease?.();
  }

  private get full(): boolean {
    return this.readUpTo - this.keptFrom >= this.bufferBytes;
  }

  /** With the buffer full: asks once for a flush. */
  private mustFlush(): boolean {
    if (!this.full || this.flushAskedAt === this.readUpTo) return false;
    this.flushAskedAt = this.readUpTo;
    return true;
  }

  private async fill(): Promise<void> {
    while (this.full && !this.closed) await new Promise<void>((resolve) => (this.onRelease = resolve));
    await this.readOn();
    this.filling = undefined;
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
