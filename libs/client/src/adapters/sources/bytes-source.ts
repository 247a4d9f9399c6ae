import type { SourceChunk, SourceFacts } from '../../ports/chunk-source.js';
import { HeldSource } from './held-source.js';

/** Bytes in memory. */
export class BytesSource extends HeldSource {
  constructor(
    private readonly content: Uint8Array,
    facts: Omit<SourceFacts, 'size'>,
  ) {
    super(content.length, facts);
  }

  async next(maxBytes: number): Promise<SourceChunk> {
    const bytes = this.content.subarray(this.cursor, this.cursor + maxBytes);
    this.cursor += bytes.length;
    return { bytes, last: this.cursor >= this.size };
  }
}
