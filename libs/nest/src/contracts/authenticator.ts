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
 * Finds out who owns a connection or a request. Sessions and files belong to that owner, and nobody else can list, resume,
 * cancel, download or delete them.
 */
export interface Authenticator {
  /**
   * Returns the owner: a stable string of 1 to 255 characters, or `null` for a client without a credential, which owns
   * its uploads by their session ID alone. For a credential that is not accepted, throws `UNAUTHORIZED`, Nest's
   * `UnauthorizedException`, or what a JWT library throws.
   */
  authenticate(credentials: Credentials): string | null | Promise<string | null>;
}
