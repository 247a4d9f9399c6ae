import { describe, expect, it } from '@jest/globals';
import { AnonymousAuthenticator } from './anonymous-authenticator.js';

describe('AnonymousAuthenticator', () => {
  const authenticator = new AnonymousAuthenticator();
  const secret = 's'.repeat(43);
  const owner = authenticator.authenticate({ headers: {}, token: secret });

  it('finds the same owner by handshake, bearer token and cookie', () => {
    expect(owner).toMatch(/^anonymous:/);
    expect(authenticator.authenticate({ headers: { authorization: `Bearer ${secret}` } })).toBe(owner);
    expect(authenticator.authenticate({ headers: { cookie: `theme=dark; upload_identity=${secret}` } })).toBe(owner);
  });

  it('keeps nothing from which the secret could be read', () => {
    expect(owner).not.toContain(secret);
  });

  it('finds another owner for another secret, and none without one', () => {
    expect(authenticator.authenticate({ headers: {}, token: 't'.repeat(43) })).not.toBe(owner);
    expect(authenticator.authenticate({ headers: {} })).toBeNull();
  });

  it.each(['short', 'x'.repeat(200), `${secret}!`, 42, { token: secret }])('refuses the credential %j', (token) => {
    expect(() => authenticator.authenticate({ headers: {}, token })).toThrow(
      expect.objectContaining({ code: 'UNAUTHORIZED' }) as unknown as Error,
    );
  });
});
