import { UploadError } from '@upload-streams/protocol';
import type { IncomingHttpHeaders } from 'node:http';

const CHANGES_NOTHING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * A browser adds cookies to the requests of any page. What changes something and is proven by a cookie alone has to come
 * from a page of this origin, or of an allowed one; a bearer token can be sent only by who knows it.
 */
export function requireOwnPage(method: string, headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): void {
  if (CHANGES_NOTHING.has(method) || headers.cookie === undefined || isBearer(headers.authorization)) return;
  if (!isOwnPage(headers, allowedOrigins)) throw new UploadError('ORIGIN_NOT_ALLOWED');
}

const isBearer = (authorization: string | undefined) => /^Bearer +\S/i.test(authorization ?? '');

function isOwnPage(headers: IncomingHttpHeaders, allowedOrigins: readonly string[]): boolean {
  const { origin, host } = headers;
  // `*` lets any page read what is public; it does not lend them the cookies of people.
  if (origin !== undefined) {
    const hosts = [host, headers['x-forwarded-host']];
    return allowedOrigins.includes(origin) || (URL.canParse(origin) && hosts.includes(new URL(origin).host));
  }
  // Every browser names the origin of a DELETE or POST. What names none is no browser, or says where it comes from.
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}
