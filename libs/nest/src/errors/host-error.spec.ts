import { describe, expect, it } from '@jest/globals';
import {
  BadRequestException,
  ConflictException,
  ForbiddenException,
  HttpException,
  NotFoundException,
  ServiceUnavailableException,
  UnauthorizedException,
} from '@nestjs/common';
import { WsException } from '@nestjs/websockets';
import { UploadError } from '@upload-streams/protocol';
import { toUploadError } from './host-error.js';
import { describeThrown, OncePerCause } from './once-per-cause.js';

const named = (name: string, more: object = {}) => Object.assign(new Error('secret detail'), { name, ...more });

describe('an error of the application', () => {
  it.each([
    ['UnauthorizedException', new UnauthorizedException(), 'UNAUTHORIZED', 'fatal'],
    ['ForbiddenException', new ForbiddenException(), 'FORBIDDEN', 'fatal'],
    ['ConflictException', new ConflictException('taken'), 'UPLOAD_REFUSED', 'fatal'],
    ['HttpException 429', new HttpException('slow down', 429), 'TOO_MANY_REQUESTS', 'retry'],
    ['ServiceUnavailableException', new ServiceUnavailableException(), 'UNAVAILABLE', 'retry'],
    [
      'an error of http-errors',
      Object.assign(new Error('x'), { status: 401, statusCode: 401 }),
      'UNAUTHORIZED',
      'fatal',
    ],
    ['an error with a statusCode', Object.assign(new Error('x'), { statusCode: 403 }), 'FORBIDDEN', 'fatal'],
    ['an expired token, jsonwebtoken', named('TokenExpiredError'), 'UNAUTHORIZED', 'fatal'],
    ['a wrong token, jsonwebtoken', named('JsonWebTokenError'), 'UNAUTHORIZED', 'fatal'],
    ['an early token, jsonwebtoken', named('NotBeforeError'), 'UNAUTHORIZED', 'fatal'],
    ['an expired token, jose', named('JWTExpired', { code: 'ERR_JWT_EXPIRED' }), 'UNAUTHORIZED', 'fatal'],
    ['a wrong claim, jose', named('x', { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' }), 'UNAUTHORIZED', 'fatal'],
    ['a wrong signature, jose', named('x', { code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' }), 'UNAUTHORIZED', 'fatal'],
    ['no matching key, jose', named('x', { code: 'ERR_JWKS_NO_MATCHING_KEY' }), 'UNAUTHORIZED', 'fatal'],
    ['keys that do not come, jose', named('x', { code: 'ERR_JWKS_TIMEOUT' }), 'UNAVAILABLE', 'retry'],
    ['WsException', new WsException('secret'), 'INTERNAL', 'retry'],
    ['WsException with a status', new WsException({ status: 401, message: 'no' }), 'UNAUTHORIZED', 'fatal'],
    ['NotFoundException', new NotFoundException(), 'INTERNAL', 'retry'],
    ['a string', 'no', 'INTERNAL', 'retry'],
    ['null', null, 'INTERNAL', 'retry'],
    ['undefined', undefined, 'INTERNAL', 'retry'],
  ])('%s keeps its meaning', (_, thrown, code, recovery) => {
    const error = toUploadError(thrown);
    expect(error).toMatchObject({ code, recovery });
    expect(JSON.stringify(error.toBody())).not.toContain('secret');
  });

  it('of the catalogue stays what it is', () => {
    const error = new UploadError('FILE_NOT_FOUND');
    expect(toUploadError(error)).toBe(error);
  });

  it('tells the message of an HttpException as the reason, never one of another error', () => {
    const reasonOf = (thrown: unknown) => toUploadError(thrown).details?.['reason'];
    expect(reasonOf(new ConflictException('The name is taken'))).toBe('The name is taken');
    expect(reasonOf(new BadRequestException({ message: ['one', 'two'] }))).toBe('one; two');
    expect(reasonOf(new HttpException('short', 422))).toBe('short');
    expect(reasonOf(new ConflictException('x'.repeat(10_000)))).toHaveLength(500);
    expect(reasonOf(Object.assign(new Error('secret'), { status: 409 }))).toBeUndefined();
  });

  it.each([
    [{ retryAfter: 7 }, 7_000],
    [{ headers: { 'retry-after': '3' } }, 3_000],
    [{ retryAfter: -5 }, 0],
    [{ retryAfter: 1e12 }, 86_400_000],
    [{ retryAfter: 'soon' }, undefined],
    [{}, undefined],
  ])('honours Retry-After in the body %j', (body, retryAfterMs) => {
    expect(toUploadError(new HttpException(body, 503)).details?.['retryAfterMs']).toBe(retryAfterMs);
  });

  it('honours a Retry-After that is a date', () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const error = toUploadError(Object.assign(new Error('x'), { status: 429, headers: { 'Retry-After': date } }));
    expect(error.details?.['retryAfterMs']).toBeGreaterThan(50_000);
  });

  it('may be anything at all', () => {
    const throwing = {
      get status(): number {
        throw new Error('no');
      },
      getStatus() {
        throw new Error('no');
      },
      toJSON() {
        throw new Error('no');
      },
    };
    const circular = new Error('circular');
    circular.cause = circular;
    const hostile = new Proxy(new Error('x'), {
      get() {
        throw new Error('no');
      },
      getPrototypeOf() {
        throw new Error('no');
      },
    });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const thrown of [throwing, circular, hostile, revoked.proxy, Symbol('x'), 42n, () => 1, Object.create(null)]) {
      expect(toUploadError(thrown).code).toBe('INTERNAL');
    }
  });
});

describe('OncePerCause', () => {
  it('logs a cause once a minute, with how often it came, and other causes beside it', () => {
    const lines: string[] = [];
    let now = 0;
    const once = new OncePerCause({ error: (line) => lines.push(line) }, () => now);
    const error = new Error('down', { cause: new Error('refused') });
    for (let i = 0; i < 100; i++) once.error(error);
    once.error(new Error('another'));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/down[^]*once-per-cause|down[^]*host-error\.spec[^]*caused by Error: refused/);
    now = 60_000;
    once.error(error);
    expect(lines[2]).toContain('99 more times');
  });

  it('remembers so many causes, and no more', () => {
    let lines = 0;
    const once = new OncePerCause({ error: () => lines++ });
    for (let i = 0; i < 1_000; i++) once.error(`cause ${i}`);
    once.error('cause 0');
    once.error('cause 999');
    expect(lines).toBe(1_001);
  });

  it('bounds what it logs', () => {
    expect(describeThrown('x'.repeat(1_000_000)).length).toBeLessThanOrEqual(8_000);
  });
});
