import type { Readable } from 'node:stream';
import type { Checkpoint, FileRecord } from './records.js';

/** The token of the `StorageBackend`. */
export const UPLOAD_STORAGE_BACKEND = Symbol('UPLOAD_STORAGE_BACKEND');

/** Bytes of a file: from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Names a file within the store. The file ID alone is unique. */
export interface StoredFile {
  readonly fileId: string;
  /** As people see it: data of the client, never a path. A back end may store the file under a name made from it. */
  readonly fileName: string;
}

/** How a file is to be downloaded. */
export interface Download {
  /** The value of the Content-Disposition header. */
  readonly disposition: string;
  /** MIME type. */
  readonly type: string;
}

/** What the store holds of a file, read back and hashed. */
export interface StoredDigest {
  /** Bytes. */
  readonly size: number;
  readonly crc32: number;
  /** In hexadecimal digits; undefined where the back end is told to leave it out. */
  readonly sha256: string | undefined;
}

/** A completed file, as the store finds it. */
export interface CompletedFile {
  readonly fileId: string;
  /** The name under which it is stored; undefined where the store knows files by their IDs alone. */
  readonly fileName?: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** Unfinished bytes that were known to no catalogue. */
export interface Quarantined {
  readonly fileId: string;
  /** When they were set aside, in milliseconds since 1970. */
  readonly since: number;
}

/** What becomes of bytes that were appended and not synced yet. */
export interface Persistence {
  /** Whether they survive a crash of this process: whoever opens the file anew finds them. */
  readonly survivesProcess: boolean;
  /** A sync is worth its cost each time that the offset passes a multiple of this many bytes. */
  readonly syncEveryBytes: number;
}

/**
 * What a partial file throws that can't go on, while all that was synced is still there: its user closes it, and the
 * upload goes on when it is opened again. The message and the cause say why.
 */
export class BrokenFileError extends Error {
  override readonly name = 'BrokenFileError';
}

/**
 * The bytes of an unfinished upload. It has one user, who makes one call at a time; only `sync` may run beside others.
 *
 * A failed `append` may be repeated, and after a failed `sync` all bytes that were not synced before count as lost. Where
 * neither is so, since the upload can go on from what was synced, they throw a `BrokenFileError`.
 */
export interface PartialFile {
  /** Bytes that were there when it was opened. */
  readonly size: number;
  /**
   * The checkpoint from which the upload goes on: the one that `open` was given, or an earlier one where something before
   * it is missing. Bytes between it and `size` can be read.
   */
  readonly durable: Checkpoint;
  readonly persistence: Persistence;
  /**
   * Takes all of `bytes` for `offset`, which is where the last append ended. The bytes belong to the file from the call
   * on: it gives their memory back (`freeBytes`) when it needs them no more.
   */
  append(offset: number, bytes: Uint8Array): Promise<void>;
  /** When it resolves, all that was appended before the call survives a crash of the machine. */
  sync(): Promise<void>;
  /**
   * Tells the file that a checkpoint at `offset` was saved, and that nobody goes on from before it any more. Until then,
   * whatever is needed to go on from any offset that was synced must stay.
   */
  checkpointSaved(offset: number): void;
  /** The bytes from `start` on, to be hashed after a restart: only where `size` is more than the durable offset. */
  read(start: number): AsyncIterable<Uint8Array>;
  /**
   * Reads back what is stored and hashes it, off the main thread. What a failed append left beyond `size` is dropped
   * before.
   */
  digest(size: number): Promise<StoredDigest>;
  /**
   * Makes a completed file of the bytes. When it resolves, the file survives a crash of the machine. All or nothing; it
   * may be repeated after a failure. After a crash before the caller saved that the file is complete, `open` finds the
   * bytes as a partial file again. It does not close.
   */
  complete(): Promise<void>;
  /** Removes the bytes and closes. */
  discard(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Where bytes are stored. `fileId`s are safe as parts of a path: the caller makes them. File names are not: they are data.
 *
 * Methods reject with whatever the medium says; `StorageService` makes errors of the catalogue of it. Two of them count
 * apart, by the `code` that errors of `node:fs` have: ENOSPC, EDQUOT or EFBIG where there is no room, and ENOENT where a
 * completed file is not there.
 */
export interface StorageBackend {
  /** Makes what must be there before the first upload. */
  prepare(): Promise<void>;
  /** Makes an empty partial file for a file ID of which nothing is stored. */
  create(file: StoredFile): Promise<PartialFile>;
  /**
   * Opens the partial file of an earlier time, or makes an empty one where there is none. Bytes beyond `durable` may be
   * lost or rubbish if the machine stopped since they were written: a back end that can't tell that they are sound drops
   * them. Where something before `durable` is missing, nothing is removed, and the file goes on from an earlier checkpoint.
   */
  open(file: StoredFile, durable: Checkpoint): Promise<PartialFile>;
  /**
   * Stores a file that came whole, reads it back, and returns the digest of what is stored. When it resolves, the file
   * survives a crash of the machine. Where it rejects, or the caller has no use for the file, `remove` removes it.
   */
  put(file: StoredFile, bytes: Uint8Array): Promise<StoredDigest>;
  /** Removes the unfinished bytes of an upload that nobody has open. It never touches a completed file. */
  discard(fileId: string): Promise<void>;
  /** A completed file, or a range of it. The stream fails with ENOENT where the file is not there. */
  read(file: StoredFile, range?: ByteRange): Readable;
  /** Bytes of a completed file; undefined where it is not there. */
  sizeOf(file: StoredFile): Promise<number | undefined>;
  /** A URL at which anyone can download the file for a while; undefined where the store has no such thing. */
  presignedUrl?(file: StoredFile, download: Download): Promise<string>;
  /** Reads a completed file back and hashes it, off the main thread. */
  digest(file: StoredFile): Promise<StoredDigest>;
  /** Removes a completed file, if it is there. */
  remove(fileId: string): Promise<void>;
  /**
   * The IDs of all uploads of which there are unfinished bytes outside of the quarantine. Where several processes use the
   * store, not of such as are so new that another one may be about to make them known. Never of completed files, and never
   * of what this program did not write.
   */
  unfinished(): Promise<readonly string[]>;
  /** Sets unfinished bytes aside, with the time at which that was. Does nothing where they are gone. */
  quarantine(fileId: string): Promise<void>;
  /** What was set aside. */
  quarantined(): Promise<readonly Quarantined[]>;
  /** Removes what was set aside, for good. */
  purge(entry: Quarantined): Promise<void>;
  /**
   * Keeps beside the bytes what the catalogue knows of a file, so that it can be rebuilt; durable when it resolves. It may
   * be kept again.
   */
  saveRecord(file: FileRecord): Promise<void>;
  /** The record of a file that is removed counts no more. */
  removeRecord(fileId: string): Promise<void>;
  /** The records that count. */
  records(): Promise<readonly FileRecord[]>;
  /** All completed files that this program wrote. Links are not followed. */
  completedFiles(): AsyncIterable<CompletedFile>;
  /**
   * The random ID that this store of bytes was given, which the catalogue keeps too; undefined where it has none yet. So
   * nobody takes another store's files for this catalogue's.
   */
  identity(): Promise<string | undefined>;
  /** Keeps the ID, in place of an earlier one; durable when it resolves. */
  setIdentity(id: string): Promise<void>;
  /** Whether there is at least one completed file that this program wrote. */
  hasFiles(): Promise<boolean>;
  /** Bytes that can still be stored; undefined where the store knows no such limit. */
  freeBytes(): Promise<number | undefined>;
  /** Size of the medium, in bytes; undefined where the store knows no such limit. */
  totalBytes?(): Promise<number | undefined>;
  /** Rejects where the store can't be used. */
  check(): Promise<void>;
  close(): Promise<void>;
}
