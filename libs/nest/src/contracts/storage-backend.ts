import type { Readable } from 'node:stream';
import type { PartialFile, StoredDigest } from './partial-file.js';
import type { Checkpoint, FileRecord } from './records.js';

/** The token of the `StorageBackend`. */
export const UPLOAD_STORAGE_BACKEND = Symbol('UPLOAD_STORAGE_BACKEND');

/** Names a file within the store. The file ID alone is unique. */
export interface StoredFile {
  readonly fileId: string;
  /** As people see it: data of the client, never a path. A back end may store the file under a name made from it. */
  readonly fileName: string;
}

/** Bytes of a file: from `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
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

/**
 * Where bytes are stored: the methods that every back end has, and capabilities that it may leave out.
 *
 * The caller validates: `fileId`s are safe as parts of a path or key, file names are not. The caller also locks: at
 * most one partial file of a `fileId` is open in this process. Several processes may use one store; then one that has
 * lost a session may still write for a while, which must not harm what its successor writes.
 *
 * Methods reject with whatever the medium says, and `StorageService` translates it to errors of the error table. Two
 * kinds are told apart by the `code` that errors of `node:fs` have: ENOSPC, EDQUOT or EFBIG where there is no room, and
 * ENOENT where a completed file is not there.
 */
export interface StorageBackend {
  /** Makes what must be there before the first upload. Rejects with a sentence for the operator where it can't. */
  prepare(): Promise<void>;

  /** Makes an empty partial file for a file ID of which nothing is stored. */
  create(file: StoredFile): Promise<PartialFile>;
  /**
   * Opens the partial file of an earlier time, or makes an empty one where there is none. Bytes beyond `durable` may be
   * lost or rubbish if the machine stopped since they were written: a back end that can't tell that they are sound
   * drops them. Where something before `durable` is missing, nothing is removed, and the file goes on from an earlier
   * checkpoint.
   */
  open(file: StoredFile, durable: Checkpoint): Promise<PartialFile>;
  /** Removes the unfinished bytes of an upload that nobody has open. It never touches a completed file. */
  discard(fileId: string): Promise<void>;

  /**
   * Stores a file that came whole, reads it back, and returns the digest of what is stored. When it resolves, the file
   * survives a crash of the machine. Where it rejects, or the caller has no use for the file, `remove` removes it.
   */
  put(file: StoredFile, bytes: Uint8Array): Promise<StoredDigest>;
  /** A completed file, or a range of it. The stream fails with ENOENT where the file is not there. */
  read(file: StoredFile, range?: ByteRange): Readable;
  /** Bytes of a completed file; undefined where it is not there. */
  sizeOf(file: StoredFile): Promise<number | undefined>;
  /** Reads a completed file back and hashes it, off the main thread. */
  digest(file: StoredFile): Promise<StoredDigest>;
  /** Removes a completed file, if it is there. */
  remove(fileId: string): Promise<void>;
  /** All completed files that this program wrote. Links are not followed. */
  completedFiles(): AsyncIterable<CompletedFile>;

  /** Rejects where the store can't be used. */
  check(): Promise<void>;
  close(): Promise<void>;

  /** Without it, unfinished bytes that a crash left behind, and that no session knows, stay where they are. */
  readonly quarantine?: Quarantine;
  /** Without it, a catalogue can be rebuilt only without names, owners and metadata. */
  readonly records?: RecordKeeper;
  /** Without it, nobody notices that a catalogue is used with the files of another one. */
  readonly identity?: StoreIdentity;
  /** How much room there is. Without it, uploads are refused only when a write fails. */
  capacity?(): Promise<Capacity>;
  /** A URL at which anyone can download the file for a few minutes. Without it, downloads go through this process. */
  presignedUrl?(file: StoredFile, download: Download): Promise<string>;
}

/** Finds unfinished bytes that no session knows, and keeps them apart for a time before they are removed. */
export interface Quarantine {
  /**
   * The file IDs of all unfinished uploads outside of the quarantine. Where several processes use the store, uploads
   * are left out that are so new that another process may be about to save their session. Completed files, and whatever
   * this program did not write, are never among them.
   */
  unfinished(): Promise<readonly string[]>;
  /** Puts unfinished bytes into quarantine, with the time. Does nothing where they are gone. `open` takes them back. */
  add(fileId: string): Promise<void>;
  list(): Promise<readonly Quarantined[]>;
  /** Removes what is in quarantine, for good. */
  remove(entry: Quarantined): Promise<void>;
}

export interface Quarantined {
  readonly fileId: string;
  /** When it was put there, in milliseconds since 1970. */
  readonly since: number;
}

/** Keeps what the catalogue knows of each file beside the bytes, so that the catalogue can be rebuilt. */
export interface RecordKeeper {
  /** The record is durable when it resolves. A later one of the same file takes its place. */
  save(file: FileRecord): Promise<void>;
  /** The file was removed: its record must not come back. Durable when it resolves. */
  remove(fileId: string): Promise<void>;
  list(): Promise<readonly FileRecord[]>;
}

/** The random ID of the store, which its catalogue has too: so neither is mistaken for that of another installation. */
export interface StoreIdentity {
  /** Undefined where none was saved yet. */
  read(): Promise<string | undefined>;
  /** Takes the place of an earlier one. Durable when it resolves. */
  save(id: string): Promise<void>;
}

export interface Capacity {
  /** Bytes that can still be stored. */
  readonly freeBytes: number;
  /** Size of the medium, in bytes. */
  readonly totalBytes: number;
}

/** How a file is to be downloaded. */
export interface Download {
  /** The value of the Content-Disposition header. */
  readonly disposition: string;
  /** MIME type. */
  readonly type: string;
}
