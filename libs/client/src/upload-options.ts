import type { UploadControls } from './upload-controls.js';

/** How a client reaches its gateway. */
export interface UploadClientOptions {
  /** Origin of the gateway, for example `http://localhost:3000`. In a browser: @default the page's own origin */
  readonly url?: string;
  /** Path of Socket.IO on the gateway. @default '/socket.io' */
  readonly path?: string;
  /** A credential for the gateway's authenticator; asked for at every connection. @default none */
  readonly token?: string | (() => string | Promise<string>);
  /** How many larger files are sent at once, 1 or more. Small ones have a lane of their own. @default 3 */
  readonly concurrency?: number;
  /** The first wait after a lost connection, in milliseconds. @default 100 */
  readonly minRetryDelayMs?: number;
  /** The longest wait between attempts, in milliseconds. @default 10_000 */
  readonly maxRetryDelayMs?: number;
  /**
   * A connection is made anew on which chunks are out and none is acknowledged for this long, or on which nothing comes
   * from the server, heartbeats neither, for this long after a heartbeat was due; in milliseconds. @default 8_000
   */
  readonly ackTimeoutMs?: number;
  /**
   * An upload fails once it failed so many times in a row without a new byte on the server; 1 or more. Waiting does not
   * count: for a connection, for a server that restarts, for an answer, for room on the server's disk, or for another
   * upload to end. @default 20
   */
  readonly maxAttempts?: number;
  /** The connection is closed when nothing was uploaded for this long, in milliseconds. @default 5_000 */
  readonly idleTimeoutMs?: number;
}

/** The default of `giveUpAfterMs` in `uploadToEnd`: nobody watches it, so it must end by itself. */
export const GIVE_UP_AFTER_MS = 600_000;

export const CLIENT_DEFAULTS = {
  path: '/socket.io',
  concurrency: 3,
  minRetryDelayMs: 100,
  maxRetryDelayMs: 10_000,
  ackTimeoutMs: 8_000,
  maxAttempts: 20,
  idleTimeoutMs: 5_000,
} as const satisfies UploadClientOptions;

export type ResolvedClientOptions = UploadClientOptions & Required<Omit<UploadClientOptions, 'url' | 'token'>>;

/** What belongs to one upload. */
export interface UploadOptions {
  /** Continues the session of that ID, or names a new one. @default a new one */
  readonly sessionID?: string;
  /** @default the name that the source has, else 'upload' */
  readonly fileName?: string;
  /** MIME type. @default the type that the source has */
  readonly type?: string;
  /** Length of a stream in bytes, where it is known. @default what the source knows */
  readonly size?: number;
  /** Free text that the server keeps with the upload: at most 32 entries of 1,024 characters. @default none */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Pause, resume and cancel. @default none */
  readonly controls?: UploadControls;
  /**
   * In browsers: the handle of the file. One that changes while it is sent is read afresh from it and uploaded anew;
   * without a handle that upload fails with SOURCE_CHANGED. @default none
   */
  readonly handle?: Pick<FileSystemFileHandle, 'getFile'> | undefined;
  /**
   * Stops the upload when it is aborted. The session stays on the server, to be resumed by its ID until it expires there.
   * `uploadToEnd` rejects with the reason of the signal; `upload` completes without a final state. @default none
   */
  readonly signal?: AbortSignal;
  /**
   * The upload fails with its last error once it could not go on for so long: from the first failure on, waits for a
   * connection and for room included, until a new byte is on the server; in milliseconds, `Infinity` for never. A pause
   * does not count. @default never; in `uploadToEnd` 600_000 (10 minutes)
   */
  readonly giveUpAfterMs?: number;
  /**
   * A stream that can be read only once is kept in memory until it is durable on the server, at most this much, in
   * bytes; past it the stream is slowed. 1 MiB or more. @default 64 MiB
   */
  readonly streamBufferBytes?: number;
}
