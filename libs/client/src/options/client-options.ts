import {
  isText,
  milliseconds,
  option,
  resolveOptions,
  wholeNumber,
  type OptionsOf,
  type ResolvedOptionsOf,
} from './option-table.js';

/** What a function returns that provides a credential. */
type TokenAnswer = string | null | undefined;

/** A credential, or a function that returns one. */
type Token = string | (() => TokenAnswer | PromiseLike<TokenAnswer>);

/** How a client reaches its gateway: every option with its meaning, bounds and default. */
export const CLIENT_OPTIONS = {
  /** Origin of the gateway, for example `http://localhost:3000`. Required in Node. @default the page's own origin */
  url: option('an origin such as http://localhost:3000', isOrigin),
  /** Path of Socket.IO on the gateway. Starts with a slash. @default '/upload-streams' */
  path: { ...option('a path such as /upload-streams', isPath), default: '/upload-streams' },
  /**
   * A credential for the gateway's authenticator. A function is called for every connection; it may be asynchronous. If it
   * returns nothing, the client connects without a credential. If it throws, the client waits and asks again, with the reason
   * TOKEN_UNAVAILABLE, unless it throws an `UploadError`: UNAUTHORIZED, for example, ends the upload. @default none
   */
  token: option('a text or a function', isToken),
  /** How long the function `token` may take, in milliseconds, 1 or more. Then it is asked again. @default 10_000 */
  tokenTimeoutMs: milliseconds(1, 10_000),
  /** How many larger files are sent at once, from 1 to 1000. Small ones have a limit of their own. @default 3 */
  concurrency: wholeNumber(1, 1000, 3),
  /** The first wait after a lost connection, in milliseconds, 0 or more. @default 100 */
  minRetryDelayMs: milliseconds(0, 100),
  /** The longest wait between attempts, in milliseconds, 0 or more. @default 10_000 */
  maxRetryDelayMs: milliseconds(0, 10_000),
  /**
   * How long an ack may take, in milliseconds, 1 or more. A connection is opened anew if chunks are in flight and none is
   * acknowledged for this long, or if nothing at all comes from the server for this long after a heartbeat was due.
   * @default 8_000
   */
  ackTimeoutMs: milliseconds(1, 8_000),
  /**
   * An upload fails after so many failures in a row without a new byte on the server, from 1 to 1000000. Waiting does not
   * count as a failure: for a connection, for a server that restarts, for an answer, for room on the server's disk, or for
   * another upload to end. @default 20
   */
  maxAttempts: wholeNumber(1, 1_000_000, 20),
  /** The connection is closed when nothing has been uploaded for this long, in milliseconds, 0 or more. @default 5_000 */
  idleTimeoutMs: milliseconds(0, 5_000),
};

export type UploadClientOptions = OptionsOf<typeof CLIENT_OPTIONS>;

export type ResolvedClientOptions = ResolvedOptionsOf<typeof CLIENT_OPTIONS>;

/** Throws a RangeError that names every option that can't be used. */
export function resolveClientOptions(options: UploadClientOptions): ResolvedClientOptions {
  return resolveOptions('UploadClient', CLIENT_OPTIONS, options);
}

/** Without a path: Socket.IO would take it for a namespace, which the gateway does not have. */
function isOrigin(value: unknown): value is string {
  if (!isText(value) || !URL.canParse(value)) return false;
  const { protocol, pathname } = new URL(value);
  return ['http:', 'https:', 'ws:', 'wss:'].includes(protocol) && pathname === '/';
}

function isPath(value: unknown): value is string {
  return isText(value) && value.startsWith('/');
}

function isToken(value: unknown): value is Token {
  return isText(value) || typeof value === 'function';
}
