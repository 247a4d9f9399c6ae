import type { Checkpoint } from './records.js';

/** The digest of stored bytes, as they were read back. */
export interface StoredDigest {
  /** Bytes. */
  readonly size: number;
  readonly crc32: number;
  /** In hexadecimal digits; undefined where the back end is told to leave it out. */
  readonly sha256: string | undefined;
}

/** What becomes of bytes that were appended and not synced yet. */
export interface Persistence {
  /** Whether they survive a crash of this process: whoever opens the file again finds them. */
  readonly survivesProcess: boolean;
  /** A sync is worth its cost each time that the offset passes a multiple of this many bytes. */
  readonly syncEveryBytes: number;
}

/**
 * Thrown by a partial file that can't go on, while everything that was synced is still there: its user closes it, and the
 * upload goes on when the file is opened again. The message and the cause say why.
 */
export class BrokenFileError extends Error {
  override readonly name = 'BrokenFileError';
}

/**
 * The bytes of an unfinished upload. It has one user, who makes one call at a time; only `sync` may run beside others.
 *
 * A failed `append` may be repeated. After a failed `sync`, all bytes that were not synced before count as lost. Where the
 * file can't go on, but what was synced is still there, both throw a `BrokenFileError` instead.
 */
export interface PartialFile {
  /** Bytes that were there when it was opened. */
  readonly size: number;
  /**
   * The checkpoint from which the upload goes on: the one that `open` was given, or an earlier one where something before
   * it is missing. The bytes between it and `size` can be read.
   */
  readonly durable: Checkpoint;
  readonly persistence: Persistence;
  /**
   * Takes all of `bytes` for `offset`, which is where the last append ended. From the call on, the bytes belong to the
   * file: it gives their memory back (`freeBytes`) when it no longer needs them.
   */
  append(offset: number, bytes: Uint8Array): Promise<void>;
  /** When it resolves, everything that was appended before the call survives a crash of the machine. */
  sync(): Promise<void>;
  /**
   * Tells the file that a checkpoint at `offset` was saved, and that nobody goes on from before it any more. Until then,
   * whatever is needed to go on from any offset that was synced must stay.
   */
  checkpointSaved(offset: number): void;
  /** The bytes from `start` on, to be hashed after a restart. Called only where `size` exceeds the durable offset. */
  read(start: number): AsyncIterable<Uint8Array>;
  /**
   * Reads back what is stored and hashes it, off the main thread. Whatever a failed append left beyond `size` is dropped
   * first.
   */
  digest(size: number): Promise<StoredDigest>;
  /**
   * Makes a completed file of the bytes. When it resolves, the file survives a crash of the machine. All or nothing; it
   * may be repeated after a failure. If the process crashes before the caller has saved that the file is complete, `open`
   * finds the bytes as a partial file again. It does not close.
   */
  complete(): Promise<void>;
  /** Removes the bytes and closes. */
  discard(): Promise<void>;
  close(): Promise<void>;
}
