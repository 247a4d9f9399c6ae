import { UploadError } from '@upload-streams/protocol';
import { isBearer } from '../origins/bearer.js';
import type { OriginPolicy } from '../origins/origin-policy.js';
import type { HttpRequest } from './http-answer.js';

const CHANGES_NOTHING = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Protects against CSRF: a browser adds cookies to the requests of any page. A request that changes something and is
 * authenticated by a cookie alone must come from a page of this origin or of an allowed one. A bearer token can only be
 * sent by someone who knows it. Throws ORIGIN_NOT_ALLOWED.
 */
export function requireOwnPage(request: HttpRequest, origins: OriginPolicy): void {
  const { method, headers } = request;
  if (CHANGES_NOTHING.has(method) || headers.cookie === undefined || isBearer(headers.authorization)) return;
  if (!isOwnPage(request, origins)) throw new UploadError('ORIGIN_NOT_ALLOWED');
}

function isOwnPage(request: HttpRequest, origins: OriginPolicy): boolean {
  const source = origins.sourceOf(request);
  // `*` lets any page read what is public. It does not let any page act with the cookies of its visitors.
  if (source !== 'none') return source === 'own' || source === 'listed';
  // Every browser sends Origin with DELETE and POST. A client that does not is no browser, or sends Sec-Fetch-Site.
  const site = request.headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}
