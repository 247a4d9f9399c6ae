import { DOCUMENT, inject, Injectable } from '@angular/core';

const KEY = 'upload_identity';
const SECRET_BYTES = 32;

/** 32 bytes in base64url without padding. */
const SECRET_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** 400 days, the longest that browsers keep a cookie (RFC 6265bis). */
const COOKIE_MAX_AGE_SECONDS = 34_560_000;

/**
 * Who this browser is to the gateway: a secret of 256 random bits, made once and kept. Who has it sees these files, so
 * it goes to the gateway alone: in the handshake, in a header, and in a cookie for downloads, which are plain links.
 */
@Injectable({ providedIn: 'root' })
export class UploadIdentity {
  private readonly document = inject(DOCUMENT);

  readonly secret = this.keep(this.stored() ?? newSecret());

  /** What an API request carries. */
  readonly headers: Readonly<Record<string, string>> = { Authorization: `Bearer ${this.secret}` };

  private stored(): string | undefined {
    try {
      const secret = this.document.defaultView?.localStorage.getItem(KEY) ?? '';
      return SECRET_PATTERN.test(secret) ? secret : undefined;
    } catch {
      return undefined;
    }
  }

  private keep(secret: string): string {
    try {
      this.document.defaultView?.localStorage.setItem(KEY, secret);
    } catch {
      // Storage is full or forbidden: the identity lives as long as the page does.
    }
    const secure = this.document.location.protocol === 'https:' ? '; Secure' : '';
    this.document.cookie = `${KEY}=${secret}; Path=/; SameSite=Strict; Max-Age=${COOKIE_MAX_AGE_SECONDS}${secure}`;
    return secret;
  }
}

function newSecret(): string {
  const random = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return btoa(String.fromCharCode(...random))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
