import { MAX_FILE_BYTES } from '@upload-streams/protocol';
import type { UploadControls } from '../upload-controls.js';
import {
  byteCount,
  hasMethod,
  isText,
  option,
  resolveOptions,
  wholeNumber,
  type Option,
  type OptionsOf,
  type ResolvedOptionsOf,
} from './option-table.js';

const MIB = 1024 * 1024;

/** The handle of a file that a person chose in a browser. */
type FileHandle = Pick<FileSystemFileHandle, 'getFile'>;

type Metadata = Readonly<Record<string, string>>;

const giveUpAfterMs: Option<number, number> = {
  requirement: 'must be a number of at least 0, or Infinity (ms)',
  accepts: (value): value is number => typeof value === 'number' && value >= 0,
  default: Infinity,
};

/** What belongs to one upload. The server validates what is sent to it: names, types and metadata. */
export const UPLOAD_OPTIONS = {
  /** Continues the session of this ID, or names a new one. @default a new ID */
  sessionID: option('a text', isText),
  /** Name of the file. @default the name that the source has, else 'upload' */
  fileName: option('a text', isText),
  /** MIME type. @default the type that the source has */
  type: option('a text', isText),
  /** Length of a stream in bytes, if it is known. @default what the source knows */
  size: wholeNumber(0, MAX_FILE_BYTES, undefined, ' (bytes)'),
  /** Texts that the server keeps with the upload: at most 32 entries of 1,024 characters. @default none */
  metadata: option('an object of texts', isMetadata),
  /** Pauses, resumes and cancels the upload. @default none */
  controls: option('UploadControls', isControls),
  /**
   * In browsers: the handle of the file. A file that changes while it is sent is read again from it and uploaded anew.
   * Without a handle, that upload fails with SOURCE_CHANGED. @default none
   */
  handle: option('a file handle', isHandle),
  /**
   * Stops the upload when it is aborted. The session stays on the server, to be resumed by its ID, until it expires.
   * `uploadToEnd` rejects with the reason of the signal; `upload` completes without a final state. @default none
   */
  signal: option('an AbortSignal', isSignal),
  /**
   * The upload fails with its last error if it has made no progress for this long after a failure, in milliseconds, 0 or
   * more. Waits for a connection and for room on the server count, a pause does not. `Infinity`: never.
   * @default Infinity; in `uploadToEnd` 600_000 (10 minutes)
   */
  giveUpAfterMs,
  /**
   * In Node: a stream that can be read only once is kept in memory until it is durable on the server. This is how much of it,
   * in bytes, 1 MiB or more. When it is full, the stream is read no further. @default 64 MiB
   */
  streamBufferBytes: byteCount(MIB, 64 * MIB),
};

/** The default of `giveUpAfterMs` in `uploadToEnd`. Nobody watches such an upload, so it has to end by itself. */
export const GIVE_UP_AFTER_MS = 600_000;

export type UploadOptions = OptionsOf<typeof UPLOAD_OPTIONS>;

export type ResolvedUploadOptions = ResolvedOptionsOf<typeof UPLOAD_OPTIONS>;

/** Throws a RangeError that names every option that can't be used. */
export function resolveUploadOptions(options: UploadOptions): ResolvedUploadOptions {
  return resolveOptions('upload', UPLOAD_OPTIONS, options);
}

function isMetadata(value: unknown): value is Metadata {
  return typeof value === 'object' && value !== null && Object.values(value).every(isText);
}

function isControls(value: unknown): value is UploadControls {
  return hasMethod((value as Partial<UploadControls> | null)?.commands$, 'subscribe');
}

function isHandle(value: unknown): value is FileHandle {
  return hasMethod(value, 'getFile');
}

function isSignal(value: unknown): value is AbortSignal {
  return hasMethod(value, 'addEventListener') && typeof (value as AbortSignal).aborted === 'boolean';
}
