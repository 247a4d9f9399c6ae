import type { Readable } from 'node:stream';

/** Bytes of a file: from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Names a completed file within the store. */
export interface StoredFile {
  readonly fileId: string;
  readonly storedName: string;
}

/** What the store holds of a file, read back and hashed. */
export interface StoredDigest {
  /** Bytes. */
  readonly size: number;
  readonly crc32: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** The bytes of an unfinished upload. One user at a time, one call at a time, but for `sync`, which may run beside the others. */
export interface PartialFile {
  /** Bytes that were there when it was opened. */
  readonly size: number;
  /** Writes all of `bytes` at `offset`, which is where the last append ended. A failed append may be repeated. */
  append(offset: number, bytes: Uint8Array): Promise<void>;
  /** When it resolves, all that was appended before the call survives a crash of the machine. */
  sync(): Promise<void>;
  /** The bytes from `start` on, to be hashed after a restart. */
  read(start: number): AsyncIterable<Uint8Array>;
  /**
   * Reads back what is stored and hashes it, without holding up the main thread. What a failed append left beyond `size`
   * is dropped before.
   */
  digest(size: number): Promise<StoredDigest>;
  /**
   * Makes a file of the bytes, under the stored name; when it resolves, it survives a crash of the machine.
   * All or nothing; it may be repeated after a failure, and after a crash that came before the caller noted its success
   * `open` finds the bytes as a partial file again. It does not close.
   */
  complete(storedName: string): Promise<void>;
  /** Removes the bytes and closes. */
  abort(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Where bytes are kept. `fileId`s and stored names are safe as parts of a path: the caller makes them. Errors are those
 * of the medium (ENOSPC, EIO ...); `StorageService` translates them.
 */
export interface StorageBackend {
  /** Makes what must be there before the first upload. */
  prepare(): Promise<void>;
  /**
   * Opens the partial file, or makes an empty one. Bytes beyond `durable` may be lost or rubbish if the machine stopped
   * since they were written: a back end that can't tell that they are sound drops them.
   */
  open(fileId: string, durable: number): Promise<PartialFile>;
  /**
   * Stores a file that came whole, reads it back, and gives the digests of what is stored. When it resolves, the file
   * survives a crash of the machine. Where it rejects, or the caller has no use for the file, `abort` removes it.
   */
  put(file: StoredFile, bytes: Uint8Array): Promise<StoredDigest>;
  /** Removes what there is of an upload that nobody has open. */
  abort(fileId: string): Promise<void>;
  /** A completed file, or a range of it. The stream fails where the file is gone. */
  read(file: StoredFile, range?: ByteRange): Readable;
  /** Removes a completed file, if it is there. */
  remove(file: StoredFile): Promise<void>;
  /** The IDs of all files and partial files of which there are bytes. */
  list(): Promise<readonly string[]>;
  /** Bytes that can still be stored; undefined where the store knows no such limit. */
  freeBytes(): Promise<number | undefined>;
  /** Rejects where the store can't be used. */
  check(): Promise<void>;
  close(): Promise<void>;
}
