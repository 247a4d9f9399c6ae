import type { IncomingHttpHeaders } from 'node:http';

/** The token of the `Authenticator`. */
export const UPLOAD_AUTHENTICATOR = Symbol('UPLOAD_AUTHENTICATOR');

/** What came with a connection's handshake or with an HTTP request. */
export interface Credentials {
  readonly headers: IncomingHttpHeaders;
  /** `auth.token` of the Socket.IO handshake. */
  readonly token?: unknown;
}

/**
 * Tells who is behind a connection or a request. Sessions and files belong to the owner it names, and nobody else can
 * list, resume, cancel, download or delete them.
 */
export interface Authenticator {
  /**
   * The owner: a stable string of at most 255 characters. `null` for a client that sends no credential: it owns its
   * uploads by their session ID alone. Throws `UNAUTHORIZED` for a credential that is not accepted, or
   * Nest's `UnauthorizedException`, or what a JWT library throws.
   */
  authenticate(credentials: Credentials): string | null | Promise<string | null>;
}
