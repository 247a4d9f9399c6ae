import { beforeEach, describe, expect, it } from '@jest/globals';
import { browserIdentity } from './browser-identity.js';

describe('browserIdentity', () => {
  let stored: Map<string, string>;

  beforeEach(() => {
    stored = new Map();
  });

  const storage = () => ({
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
  });

  /** A document whose cookie the test sees as it was set. */
  const documentWith = (protocol: string, localStorage: () => ReturnType<typeof storage> = storage) => ({
    cookie: '',
    location: { protocol },
    defaultView: {
      get localStorage() {
        return localStorage();
      },
    },
  });

  it('is 43 URL-safe characters, and differs in every browser', () => {
    const first = browserIdentity(documentWith('http:'));
    stored.clear();
    const second = browserIdentity(documentWith('http:'));
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(second).not.toBe(first);
  });

  it('stays the same over visits', () => {
    expect(browserIdentity(documentWith('http:'))).toBe(browserIdentity(documentWith('http:')));
  });

  it('replaces a stored text that is no secret', () => {
    stored.set('upload_identity', 'short; Path=/');
    expect(browserIdentity(documentWith('http:'))).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('lasts as long as the page if storage is forbidden', () => {
    const forbidden = documentWith('http:', () => {
      throw new DOMException('denied', 'SecurityError');
    });
    const secret = browserIdentity(forbidden);
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(forbidden.cookie).toContain(secret);
  });

  it('is in a cookie for this site only, so that a plain download link carries it', () => {
    const document = documentWith('http:');
    const secret = browserIdentity(document);
    expect(document.cookie).toBe(`upload_identity=${secret}; Path=/; SameSite=Lax; Max-Age=34560000`);
  });

  it('has a cookie that never leaves a secure connection', () => {
    const document = documentWith('https:');
    browserIdentity(document);
    expect(document.cookie).toMatch(/; Secure$/);
  });
});
