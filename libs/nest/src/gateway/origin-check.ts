import cors from 'cors';
import { Logger } from '@nestjs/common';
import { ERRORS } from '@upload-streams/protocol';
import type { IncomingMessage } from 'node:http';
import type { Server } from 'socket.io';

const logger = new Logger('OriginCheck');

/** An attacker who makes up origins must not fill the log. */
const MOST_ORIGINS_TOLD = 100;
const MOST_CHARACTERS_TOLD = 200;

/**
 * Lets only pages of allowed origins connect: the gateway's own, and those of the options. CORS alone would not do,
 * because browsers do not apply it to WebSockets. A client that sends no Origin is no browser, and may connect.
 */
export function checkOrigins(server: Server, allowedOrigins: readonly string[]): void {
  const told = new Set<string>();
  const isListed = (origin: string) => allowedOrigins.includes('*') || allowedOrigins.includes(origin);
  server.engine.opts.allowRequest = (request, decide) => {
    const { origin } = request.headers;
    const allowed = origin === undefined || isSameOrigin(origin, request) || isListed(origin);
    if (!allowed) tellOperator(origin, told);
    decide(allowed ? null : ERRORS.ORIGIN_NOT_ALLOWED.message(), allowed);
  };
  server.engine.use(
    cors({ origin: (origin, decide) => decide(null, origin !== undefined && isListed(origin)), credentials: true }),
  );
}

/** A browser does not tell its page why a handshake was refused, so the operator is told, once for each origin. */
function tellOperator(origin: string, told: Set<string>): void {
  if (told.has(origin) || told.size >= MOST_ORIGINS_TOLD) return;
  told.add(origin);
  logger.warn(
    `Refused a page of ${JSON.stringify(origin.slice(0, MOST_CHARACTERS_TOLD))}; allowedOrigins (CORS_ORIGINS) does not list it`,
  );
}

/** Whether the page came from the host that it connects to. Schemes are not compared, because a proxy may end TLS. */
function isSameOrigin(origin: string, request: IncomingMessage): boolean {
  const hosts = [request.headers.host, request.headers['x-forwarded-host']];
  return URL.canParse(origin) && hosts.includes(new URL(origin).host);
}
