import cors from 'cors';
import { ERRORS } from '@upload-streams/protocol';
import type { IncomingMessage } from 'node:http';
import type { Server } from 'socket.io';

/**
 * Lets pages of allowed origins connect: the gateway's own, and those of the options. CORS alone would not, since
 * browsers do not apply it to WebSockets. A client that sends no Origin is no browser.
 */
export function guardOrigins(server: Server, allowedOrigins: readonly string[]): void {
  const isListed = (origin: string) => allowedOrigins.includes('*') || allowedOrigins.includes(origin);
  server.engine.opts.allowRequest = (request, decide) => {
    const { origin } = request.headers;
    const allowed = origin === undefined || isSameOrigin(origin, request) || isListed(origin);
    decide(allowed ? null : ERRORS.ORIGIN_NOT_ALLOWED.message(), allowed);
  };
  server.engine.use(
    cors({ origin: (origin, decide) => decide(null, origin !== undefined && isListed(origin)), credentials: true }),
  );
}

/** The page came from the host that it connects to. The scheme is not compared: a proxy in front may end TLS. */
function isSameOrigin(origin: string, request: IncomingMessage): boolean {
  const hosts = [request.headers.host, request.headers['x-forwarded-host']];
  return URL.canParse(origin) && hosts.includes(new URL(origin).host);
}
