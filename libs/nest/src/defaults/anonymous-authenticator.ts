import { Injectable } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import { parseCookie } from 'cookie';
import { createHash } from 'node:crypto';
import type { Authenticator, Credentials } from '../contracts/authenticator.js';

/** The cookie in which the page sends its secret, so that plain download links carry it too. */
export const IDENTITY_COOKIE = 'upload_identity';

/** At least 128 random bits, in URL-safe characters. */
const SECRET = /^[A-Za-z0-9_-]{22,128}$/;

/**
 * The default: the owner is whoever knows a secret. A page generates one for its browser and sends it with the handshake
 * (`auth.token`), as a bearer token or as a cookie. Only a hash of the secret is stored.
 */
@Injectable()
export class AnonymousAuthenticator implements Authenticator {
  authenticate({ headers, token }: Credentials): string | null {
    const secret = token ?? bearerToken(headers.authorization) ?? parseCookie(headers.cookie ?? '')[IDENTITY_COOKIE];
    if (secret === undefined || secret === null) return null;
    if (typeof secret !== 'string' || !SECRET.test(secret)) throw new UploadError('UNAUTHORIZED');
    return `anonymous:${createHash('sha256').update(secret).digest('base64url')}`;
  }
}

function bearerToken(authorization: string | undefined): string | undefined {
  return authorization?.match(/^Bearer +(\S+)$/i)?.[1];
}
