import { UploadError } from '@upload-streams/protocol';
import type { IncomingHttpHeaders } from 'node:http';

const CHANGES_NOTHING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Protects against CSRF: a browser adds cookies to the requests of any page. A request that changes something and is
 * authenticated by a cookie alone must come from a page of this origin or of an allowed one. A bearer token can only be
 * sent by someone who knows it. Throws ORIGIN_NOT_ALLOWED.
 */
export function requireOwnPage(method: string, headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): void {
  if (CHANGES_NOTHING.has(method) || headers.cookie === undefined || isBearer(headers.authorization)) return;
  if (!isOwnPage(headers, allowedOrigins)) throw new UploadError('ORIGIN_NOT_ALLOWED');
}

const isBearer = (authorization: string | undefined) => /^Bearer +\S/i.test(authorization ?? '');

function isOwnPage(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): boolean {
  const { origin, host } = headers;
  // `*` lets any page read what is public. It does not let any page act with the cookies of its visitors.
  if (origin !== undefined) {
    const hosts = [host, headers['x-forwarded-host']];
    return allowedOrigins.includes(origin) || (URL.canParse(origin) && hosts.includes(new URL(origin).host));
  }
  // Every browser sends Origin with DELETE and POST. A client that does not is no browser, or sends Sec-Fetch-Site.
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}
