/** What a source knows of its file. `size` is undefined for a live stream. */
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
  /** Gives back the memory of `bytes`, where they are only here. To be called when they are of no more use. */
  readonly free?: () => void;
}

/**
 * Where the bytes of an upload come from: a cursor over a file. The pipeline calls `seek`, `next` and `verify` one at a
 * time and owns the source: it calls `close` once, whatever happened. Whatever can't be read must throw `SOURCE_FAILED`;
 * where it can't be read because the file is another one by now, `SOURCE_CHANGED`.
 */
export interface ChunkSource extends SourceFacts {
  /** Moves the cursor. Throws `SOURCE_NOT_REREADABLE` where the bytes from `offset` on are gone. */
  seek(offset: number): Promise<void>;
  /**
   * At most `maxBytes` from the cursor on. Nothing at all, without `last`, asks for a flush: the source holds all it
   * may and can't go on until more of it is durable.
   */
  next(maxBytes: number): Promise<SourceChunk>;
  /**
   * Whether the file is certainly the one that was read so far. Called before the last bytes are sent, and before an
   * upload goes on after a break. `false` where its date, its size or its place changed: then the source reads the file
   * as it is now, its facts are those of now, and the pipeline compares the content. Throws `SOURCE_CHANGED` with
   * `rereadable: false` where it changed and can't be read as it is now.
   */
  verify(): Promise<boolean>;
  /** A `next` that waits gives nothing at once, and loses nothing: the connection that it was called for is gone. */
  interrupt(): void;
  /** All before `offset` is durable on the server and will not be asked for again. */
  release(offset: number): void;
  close(): Promise<void>;
}
