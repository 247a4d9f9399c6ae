const KEY = 'upload_identity';
const SECRET_BYTES = 32;

/** 32 bytes in base64url without padding. */
const SECRET_PATTERN = /^[A-Za-z0-9_-]{43}$/;

/** 400 days, the longest that browsers keep a cookie (RFC 6265bis). */
const COOKIE_MAX_AGE_SECONDS = 34_560_000;

/** What is needed of a browser's `document`. */
export interface IdentityDocument {
  cookie: string;
  readonly location: { readonly protocol: string };
  readonly defaultView: { readonly localStorage: Pick<Storage, 'getItem' | 'setItem'> } | null;
}

/**
 * Returns the secret by which the gateway knows this browser: 256 random bits, created once and kept in the browser's
 * storage. Whoever has it sees the browser's files. It therefore goes to the gateway only: as the token of the client, in
 * the `Authorization` header, and in a cookie, which this function sets, for downloads, which are plain links. The cookie
 * is `SameSite=Lax`, so that a link on another site leads to the file as well; requests that change something are
 * checked for their origin.
 */
export function browserIdentity(document: IdentityDocument): string {
  const secret = stored(document) ?? newSecret();
  store(document, secret);
  const secure = document.location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `${KEY}=${secret}; Path=/; SameSite=Lax; Max-Age=${COOKIE_MAX_AGE_SECONDS}${secure}`;
  return secret;
}

function stored({ defaultView }: IdentityDocument): string | undefined {
  try {
    const secret = defaultView?.localStorage.getItem(KEY) ?? '';
    return SECRET_PATTERN.test(secret) ? secret : undefined;
  } catch {
    return undefined;
  }
}

function store({ defaultView }: IdentityDocument, secret: string): void {
  try {
    defaultView?.localStorage.setItem(KEY, secret);
  } catch {
    // The storage is full or forbidden: the identity lasts as long as the page.
  }
}

function newSecret(): string {
  const random = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return btoa(String.fromCharCode(...random))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}
