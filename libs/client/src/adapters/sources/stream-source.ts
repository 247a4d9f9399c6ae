import { UploadError } from '@upload-streams/protocol';
import type { ChunkSource, SourceChunk, SourceFacts } from '../../ports/chunk-source.js';

/** What is needed of a Node stream. */
export interface LiveStream extends AsyncIterable<Uint8Array | string> {
  on(event: 'error', listener: (error: Error) => void): unknown;
  destroy(): unknown;
}

export interface StreamSourceOptions extends SourceFacts {
  /** How many bytes are kept that are not durable on the server. When it is full, the stream is read no further. */
  readonly bufferBytes: number;
}

/**
 * A stream that can be read only once, of known or unknown length. What was read is kept until it is durable on the server, so
 * that the upload can return to that offset after a lost connection.
 */
export class StreamSource implements ChunkSource {
  readonly fileName: string;
  readonly size: number | undefined;
  readonly type: string | undefined;
  readonly lastModified: number | undefined;
  private readonly iterator: AsyncIterator<Uint8Array | string>;
  private readonly bufferBytes: number;
  /** What was read and is not durable yet, in pieces. The first one starts at `keptFrom`. */
  private kept: Uint8Array[] = [];
  private keptFrom = 0;
  private readUpTo = 0;
  private cursor = 0;
  private ended = false;
  private closed = false;
  private flushAskedAt: number | undefined;
  /** Waits for room and for the stream. It outlives an interrupted `next`. If it fails, the source stays failed. */
  private filling: Promise<void> | undefined;
  private onRelease: (() => void) | undefined;
  private onInterrupt: (() => void) | undefined;

  constructor(
    private readonly stream: LiveStream,
    options: StreamSourceOptions,
  ) {
    // The iterator throws errors, too. But before the first read, an error without a listener would end the process.
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
      if (this.needsFlush) return this.askForFlush();
      const interrupted = new Promise<void>((resolve) => (this.onInterrupt = resolve));
      await Promise.race([(this.filling ??= this.fill()), interrupted]);
    }
    const bytes = this.keptSlice(this.cursor, maxBytes);
    this.cursor += bytes.length;
    return { bytes, last: this.ended && this.cursor === this.readUpTo };
  }

  /** Nothing is read twice. */
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

  /** Not through the iterator: it would wait for the stream, and leave a stream open that was never read. */
  async close(): Promise<void> {
    this.closed = true;
    this.stream.destroy();
    this.onRelease?.();
  }

  private get full(): boolean {
    return this.readUpTo - this.keptFrom >= this.bufferBytes;
  }

  /** A full buffer asks for a flush, once. */
  private get needsFlush(): boolean {
    return this.full && this.flushAskedAt !== this.readUpTo;
  }

  private askForFlush(): SourceChunk {
    this.flushAskedAt = this.readUpTo;
    return { bytes: NO_BYTES, last: false };
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
        cause: new Error(`the stream has ${this.readUpTo} bytes instead of ${this.size}`),
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

  /** Returns bytes from `offset` on out of one piece. A chunk never joins two pieces, because that would be a copy. */
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
