import type { ChunkSource } from '../../ports/chunk-source.js';

/** A source that is opened when it is first needed, and always closed, even if it opens after the upload has ended. */
export class OpeningSource {
  private opening: Promise<ChunkSource> | undefined;
  private opened: ChunkSource | undefined;
  private closed = false;

  constructor(private readonly open: () => Promise<ChunkSource>) {}

  /** Returns a function that opens the source and calls `make` with it, once, however often it is called. */
  once<T>(make: (source: ChunkSource) => T): () => Promise<T> {
    let made: Promise<T> | undefined;
    return () => (made ??= this.source().then(make));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.opened) closeQuietly(this.opened);
  }

  private source(): Promise<ChunkSource> {
    return (this.opening ??= this.open().then((source) => {
      this.opened = source;
      if (this.closed) closeQuietly(source);
      return source;
    }));
  }
}

const closeQuietly = (source: ChunkSource): void => void source.close().catch(() => undefined);
