import type { ChunkSource, SourceChunk, SourceFacts } from '../../ports/chunk-source.js';

/** What is common to sources that are there as a whole and can be read anywhere, at any time. */
export abstract class HeldSource implements ChunkSource {
  readonly fileName: string;
  readonly type: string | undefined;
  lastModified: number | undefined;
  protected cursor = 0;

  constructor(
    public size: number,
    facts: Omit<SourceFacts, 'size'>,
  ) {
    this.fileName = facts.fileName;
    this.type = facts.type;
    this.lastModified = facts.lastModified;
  }

  async seek(offset: number): Promise<void> {
    this.cursor = offset;
  }

  abstract next(maxBytes: number): Promise<SourceChunk>;

  /** Bytes in memory stay what they are. */
  async verify(): Promise<boolean> {
    return true;
  }

  /** Nothing here waits for long, and nothing is kept. */
  interrupt(): void {}

  release(): void {}

  async close(): Promise<void> {}
}
