import cors from 'cors';
import { Logger } from '@nestjs/common';
import { ERRORS } from '@upload-streams/protocol';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'socket.io';
import type { CorsRule, OriginPolicy } from '../origins/origin-policy.js';

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
  server.engine.use(cors((request, decide) => decide(null, corsOf(request as IncomingMessage, policy))));
  server.engine.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
    if (!isProbe(request) || policy.sourceOf(request) !== 'stranger') return next();
    tellOperator(request.headers.origin ?? '', told);
    response.writeHead(403, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ message: ERRORS.ORIGIN_NOT_ALLOWED.message() }));
  });
}

/** A page that is refused may read the refusal, and nothing else, so that its client can say why. */
function corsOf(request: IncomingMessage, policy: OriginPolicy): CorsRule {
  const isRefused = policy.sourceOf(request) === 'stranger';
  return isRefused ? { origin: '*', credentials: false } : policy.corsOf(request);
}

/**
 * A client asks by plain HTTP why its WebSocket does not open. It sends POST, because browsers then send an Origin also to
 * their own host. Engine.IO refuses a POST without a session before it looks at the origin.
 */
const isProbe = ({ method, url = '' }: IncomingMessage): boolean => method === 'POST' && !/[?&]sid=/.test(url);

/** A browser does not tell its page why a handshake was refused, so the reason is logged, once for each origin. */
function tellOperator(origin: string, told: Set<string>): void {
  if (told.has(origin) || told.size >= MOST_ORIGINS_TOLD) return;
  told.add(origin);
  // Browsers send ASCII only. Of anything else, a terminal may obey a part.
  const shown = JSON.stringify(origin.slice(0, MOST_CHARACTERS_TOLD).replace(/[^\x20-\x7e]/g, '?'));
  logger.warn(
    `Refused a page of ${shown}. If it should be allowed, add it to ` +
      'allowedOrigins (CORS_ORIGINS). If it is the own page, the proxy in front changes the Host: let it pass Host on, ' +
      'or add the proxy to trustedProxies (TRUSTED_PROXIES)',
  );
}
