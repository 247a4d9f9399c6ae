import type { ChunkSource, SourceChunk, SourceFacts } from '../../ports/chunk-source.js';

/** What sources have in common that can be read at any position at any time. */
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

  /** Bytes in memory do not change. */
  async verify(): Promise<boolean> {
    return true;
  }

  /** No read waits for long. */
  interrupt(): void {}

  release(): void {}

  async close(): Promise<void> {}
}
