/** What a source knows about its file. `size` is undefined for a live stream. */
export interface SourceFacts {
  readonly fileName: string;
  readonly size: number | undefined;
  readonly type: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastModified: number | undefined;
}

/** The next run of bytes. */
export interface SourceChunk {
  readonly bytes: Uint8Array;
  /** Whether the source ends here. */
  readonly last: boolean;
  /** Gives the memory of `bytes` back, if the source can reuse it. Call it when the bytes are no longer needed. */
  readonly free?: () => void;
}

/**
 * Where the bytes of an upload come from: a file and a cursor in it. The pipeline owns the source. It calls `seek`, `next` and
 * `verify` one at a time, and `close` once, whatever happens. A source that can't be read must throw `SOURCE_FAILED`, or
 * `SOURCE_CHANGED` if it can't be read because the file has changed.
 */
export interface ChunkSource extends SourceFacts {
  /** Moves the cursor. Throws `SOURCE_NOT_REREADABLE` if the bytes from `offset` on are gone. */
  seek(offset: number): Promise<void>;
  /**
   * Reads at most `maxBytes` from the cursor on. No bytes without `last` ask for a flush: the source holds as much as it may,
   * and can't read on until more of it is durable.
   */
  next(maxBytes: number): Promise<SourceChunk>;
  /**
   * Returns whether the file is certainly the one that was read so far. Called before the last bytes are sent, and before an
   * upload goes on over a new connection. Returns `false` if the date, the size or the place of the file has changed. From
   * then on the source reads the file as it is now, with its new facts, and the pipeline compares the content. Throws
   * `SOURCE_CHANGED` with `rereadable: false` if the file has changed and can't be read as it is now.
   */
  verify(): Promise<boolean>;
  /** Makes a waiting `next` return no bytes at once, and lose none. The connection that it was called for is gone. */
  interrupt(): void;
  /** All bytes before `offset` are durable on the server and will not be read again. */
  release(offset: number): void;
  close(): Promise<void>;
}
