import { describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import { resolveUploadOptions, type UploadModuleOptions } from '../upload-options.js';
import { OriginPolicy, type RequestSource } from './origin-policy.js';

const PROXY = '10.1.2.3';

function sourceOf(
  headers: IncomingHttpHeaders,
  options: UploadModuleOptions = {},
  remoteAddress: string | undefined = PROXY,
): RequestSource {
  return new OriginPolicy(resolveUploadOptions(options)).sourceOf({ headers, socket: { remoteAddress } });
}

describe('OriginPolicy', () => {
  it.each<[string, string, string, RequestSource]>([
    ['the same host', 'http://a.example', 'a.example', 'own'],
    ['the default port in the Host', 'http://a.example', 'a.example:80', 'own'],
    ['the default port of TLS, which a proxy ended', 'https://a.example', 'a.example:443', 'own'],
    ['TLS that a proxy ended', 'https://a.example', 'a.example', 'own'],
    ['capital letters', 'http://A.example', 'a.EXAMPLE', 'own'],
    ['a port', 'http://a.example:8080', 'a.example:8080', 'own'],
    ['an IPv6 address', 'http://[::1]:3000', '[0:0:0:0:0:0:0:1]:3000', 'own'],
    ['another port', 'http://a.example:8080', 'a.example:8081', 'stranger'],
    ['no port, where the page has one', 'http://a.example:8080', 'a.example', 'stranger'],
    ['the port of another scheme', 'https://a.example', 'a.example:80', 'stranger'],
    ['another host', 'http://b.example', 'a.example', 'stranger'],
    ['a subdomain', 'http://b.a.example', 'a.example', 'stranger'],
    ['no origin of its own', 'null', 'a.example', 'stranger'],
    ['text that is no origin', 'a.example', 'a.example', 'stranger'],
    ['a Host that is none', 'http://a.example', 'x@a.example', 'stranger'],
  ])('compares by meaning: %s', (_what, origin, host, source) => {
    expect(sourceOf({ origin, host })).toBe(source);
  });

  const page = 'https://files.example:8443';

  it.each<[string, IncomingHttpHeaders]>([
    ['X-Forwarded-Host', { 'x-forwarded-host': 'files.example:8443' }],
    ['a list in X-Forwarded-Host', { 'x-forwarded-host': 'files.example:8443, inner.example' }],
    ['X-Forwarded-Port', { 'x-forwarded-host': 'Files.example', 'x-forwarded-port': '8443' }],
    ['X-Forwarded-Proto', { 'x-forwarded-host': 'files.example:8443', 'x-forwarded-proto': 'HTTPS, http' }],
    ['Forwarded', { forwarded: 'for=192.0.2.1;host="files.example:8443";proto=https, for=10.0.0.1' }],
    [
      'Forwarded, broken, beside a good X-Forwarded-Host',
      { forwarded: ';;=', 'x-forwarded-host': 'files.example:8443' },
    ],
  ])('believes %s from a trusted proxy, and from nobody else', (_what, forwarded) => {
    const headers = { origin: page, host: 'gateway:3000', ...forwarded };
    expect(sourceOf(headers, { trustedProxies: ['10.0.0.0/8'] })).toBe('own');
    expect(sourceOf(headers, { trustedProxies: ['loopback', PROXY] })).toBe('own');
    expect(sourceOf(headers, { trustedProxies: ['10.9.0.0/16'] })).toBe('stranger');
    expect(sourceOf(headers)).toBe('stranger');
    expect(sourceOf(headers, { trustedProxies: ['10.0.0.0/8'] }, '192.0.2.7')).toBe('stranger');
    expect(
      new OriginPolicy(resolveUploadOptions({ trustedProxies: ['10.0.0.0/8'] })).sourceOf({ headers, socket: {} }),
    ).toBe('stranger');
  });

  it.each<[IncomingHttpHeaders]>([
    [{ 'x-forwarded-host': 'files.example:8443', 'x-forwarded-proto': 'http' }],
    [{ 'x-forwarded-host': 'files.example', 'x-forwarded-port': '443' }],
    [{ 'x-forwarded-host': 'inner.example, files.example:8443' }],
    [{ 'x-forwarded-host': '' }],
    [{ forwarded: 'host=' }],
  ])('does not take another origin for its own: %j', (forwarded) => {
    const headers = { origin: page, host: 'gateway:3000', ...forwarded };
    expect(sourceOf(headers, { trustedProxies: ['10.0.0.0/8'] })).toBe('stranger');
  });

  it.each<[string, string, RequestSource]>([
    ['https://*.example.com', 'https://a.example.com', 'listed'],
    ['https://*.example.com', 'https://a.b.example.com', 'listed'],
    ['https://*.example.com', 'https://example.com', 'stranger'],
    ['https://*.example.com', 'https://.example.com', 'stranger'],
    ['https://*.example.com', 'https://evil-example.com', 'stranger'],
    ['https://*.example.com', 'http://a.example.com', 'stranger'],
    ['https://*.example.com', 'https://a.example.com:8443', 'stranger'],
    ['https://*.example.com:8443', 'https://a.example.com:8443', 'listed'],
    ['capacitor://localhost', 'capacitor://localhost', 'listed'],
    ['tauri://localhost', 'tauri://localhost', 'listed'],
    ['chrome-extension://abcdefgh', 'chrome-extension://abcdefgh', 'listed'],
    ['chrome-extension://abcdefgh', 'chrome-extension://other', 'stranger'],
    ['*', 'https://anybody.example', 'any'],
    ['*', 'null', 'any'],
  ])('with %s listed, calls %s %s', (entry, origin, source) => {
    expect(sourceOf({ origin, host: 'gateway' }, { allowedOrigins: [entry] })).toBe(source);
  });

  it.each([
    ['https://app.example.com/', '"https://app.example.com"'],
    ['https://app.example.com/page', '"https://app.example.com"'],
    ['https://app.example.com:443', '"https://app.example.com"'],
    ['http://app.example.com:80', '"http://app.example.com"'],
    ['HTTPS://App.example.com', '"https://app.example.com"'],
    ['app.example.com', '"https://app.example.com"'],
    ['https://*.example.com/', '"https://*.example.com"'],
    ['capacitor://localhost/', '"capacitor://localhost"'],
    ['https://app.*.com', 'is no origin'],
    ['https://*', 'is no origin'],
    ['https://*example.com', 'is no origin'],
    ['https://user@example.com', 'is no origin'],
    ['https://', 'is no origin'],
    ['', 'is no origin'],
    ['chrome-extension://*', 'is no origin'],
  ])('refuses %s in the list, because it can match nothing, and says what to write', (entry, remedy) => {
    const start = () => resolveUploadOptions({ allowedOrigins: [entry] });
    expect(start).toThrow(`must be a list of origins: ${JSON.stringify(entry)}`);
    expect(start).toThrow(remedy);
  });

  it('refuses proxies that are no addresses', () => {
    expect(() => resolveUploadOptions({ trustedProxies: ['nginx'] })).toThrow(
      'trustedProxies must be a list of addresses',
    );
  });

  it('sends credentials to listed origins only, never with *', () => {
    const corsOf = (origin: string, allowedOrigins: string[]) =>
      new OriginPolicy(resolveUploadOptions({ allowedOrigins })).corsOf({ headers: { origin }, socket: {} });
    expect(corsOf('https://a.example', ['https://a.example', '*'])).toEqual({ origin: true, credentials: true });
    expect(corsOf('https://b.example', ['https://a.example', '*'])).toEqual({ origin: '*', credentials: false });
    expect(corsOf('https://b.example', ['https://a.example'])).toEqual({ origin: false, credentials: false });
  });
});
