import cors from 'cors';
import { Logger } from '@nestjs/common';
import { ERRORS } from '@upload-streams/protocol';
import type { IncomingMessage } from 'node:http';
import type { Server } from 'socket.io';
import type { OriginPolicy } from '../origins/origin-policy.js';

const logger = new Logger('OriginCheck');

/** An attacker who invents origins must not fill the log. */
const MOST_ORIGINS_TOLD = 100;
const MOST_CHARACTERS_TOLD = 200;

/**
 * Lets only pages of allowed origins connect. CORS alone is not enough, because browsers do not apply it to WebSockets.
 * A client that sends no Origin is not a browser, and may connect.
 */
export function checkOrigins(server: Server, policy: OriginPolicy): void {
  const told = new Set<string>();
  server.engine.opts.allowRequest = (request, decide) => {
    const isAllowed = policy.sourceOf(request) !== 'stranger';
    if (!isAllowed) tellOperator(request.headers.origin ?? '', told);
    decide(isAllowed ? null : ERRORS.ORIGIN_NOT_ALLOWED.message(), isAllowed);
  };
  // The types of `cors` do not show that it gets the unchanged request.
  server.engine.use(cors((request, decide) => decide(null, policy.corsOf(request as IncomingMessage))));
}

/** A browser does not tell its page why a handshake was refused, so the reason is logged, once for each origin. */
function tellOperator(origin: string, told: Set<string>): void {
  if (told.has(origin) || told.size >= MOST_ORIGINS_TOLD) return;
  told.add(origin);
  logger.warn(
    `Refused a page of ${JSON.stringify(origin.slice(0, MOST_CHARACTERS_TOLD))}. If it should be allowed, add it to ` +
      'allowedOrigins (CORS_ORIGINS). If it is the own page, the proxy in front changes the Host: let it pass Host on, ' +
      'or add the proxy to trustedProxies (TRUSTED_PROXIES)',
  );
}
