import type { ChunkSource, SourceChunk, SourceFacts } from '../ports/chunk-source.js';

/** Bytes that are in memory anyway. */
export class BytesSource implements ChunkSource {
  readonly fileName: string;
  readonly size: number;
  readonly type: string | undefined;
  readonly lastModified: number | undefined;
  private cursor = 0;

  constructor(
    private readonly content: Uint8Array,
    facts: Omit<SourceFacts, 'size'>,
  ) {
    this.fileName = facts.fileName;
    this.type = facts.type;
    this.lastModified = facts.lastModified;
    this.size = content.length;
  }

  async seek(offset: number): Promise<void> {
    this.cursor = offset;
  }

  async next(maxBytes: number): Promise<SourceChunk> {
    const bytes = this.content.subarray(this.cursor, this.cursor + maxBytes);
    this.cursor += bytes.length;
    return { payload: bytes, bytes, last: this.cursor >= this.size };
  }

  interrupt(): void {}

  release(): void {}

  async close(): Promise<void> {}
}
