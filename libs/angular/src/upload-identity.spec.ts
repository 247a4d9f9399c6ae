import { DOCUMENT } from '@angular/core';
import { TestBed } from '@angular/core/testing';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { UploadIdentity } from './upload-identity';

/** A document of which the test sees the cookie as it was set. */
function fakeDocument(protocol: string, localStorage: () => Storage) {
  return {
    cookie: '',
    location: { protocol },
    defaultView: {
      get localStorage() {
        return localStorage();
      },
    },
    querySelectorAll: () => [],
  };
}

function identityIn(document: object): UploadIdentity {
  TestBed.resetTestingModule();
  TestBed.configureTestingModule({ providers: [{ provide: DOCUMENT, useValue: document }] });
  return TestBed.runInInjectionContext(() => new UploadIdentity());
}

describe('UploadIdentity', () => {
  beforeEach(() => localStorage.clear());

  it('is 43 URL-safe characters, and another one in every browser', () => {
    const first = identityIn(fakeDocument('http:', () => localStorage)).secret;
    localStorage.clear();
    const second = identityIn(fakeDocument('http:', () => localStorage)).secret;
    expect(first).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(second).not.toBe(first);
  });

  it('stays the same over visits', () => {
    const first = identityIn(fakeDocument('http:', () => localStorage)).secret;
    expect(identityIn(fakeDocument('http:', () => localStorage)).secret).toBe(first);
  });

  it('replaces a stored secret that is not one', () => {
    localStorage.setItem('upload_identity', 'short; Path=/');
    expect(identityIn(fakeDocument('http:', () => localStorage)).secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  it('lives as long as the page where storage is forbidden', () => {
    const forbidden = fakeDocument('http:', () => {
      throw new DOMException('denied', 'SecurityError');
    });
    const identity = identityIn(forbidden);
    expect(identity.secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(forbidden.cookie).toContain(identity.secret);
  });

  it('is in a cookie for this site alone, so that a plain download link carries it', () => {
    const document = fakeDocument('http:', () => localStorage);
    const { secret } = identityIn(document);
    expect(document.cookie).toBe(`upload_identity=${secret}; Path=/; SameSite=Strict; Max-Age=34560000`);
  });

  it('has a cookie that never leaves a secure connection', () => {
    const document = fakeDocument('https:', () => localStorage);
    identityIn(document);
    expect(document.cookie).toMatch(/; Secure$/);
  });

  it('goes to the API as a bearer token', () => {
    const { headers, secret } = identityIn(fakeDocument('http:', () => localStorage));
    expect(headers).toEqual({ Authorization: `Bearer ${secret}` });
  });
});
