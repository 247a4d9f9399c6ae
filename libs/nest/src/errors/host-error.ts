import { Logger } from '@nestjs/common';
import { UploadError, type ErrorCode, type ErrorDetails } from '@upload-streams/protocol';
import { OncePerCause } from './once-per-cause.js';

/** The codes for the HTTP statuses of foreign errors. Any other status becomes INTERNAL. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'UPLOAD_REFUSED',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  409: 'UPLOAD_REFUSED',
  413: 'UPLOAD_REFUSED',
  415: 'UPLOAD_REFUSED',
  422: 'UPLOAD_REFUSED',
  429: 'TOO_MANY_REQUESTS',
  503: 'UNAVAILABLE',
};

/** jsonwebtoken's errors have names, jose's have codes: https://github.com/panva/jose/blob/main/src/util/errors.ts */
const TOKEN_ERROR_NAMES = new Set(['TokenExpiredError', 'JsonWebTokenError', 'NotBeforeError']);
const TOKEN_ERROR_CODE = /^ERR_(JWT|JWS|JWE|JWKS_NO_MATCHING_KEY|JOSE_ALG_NOT_ALLOWED)(_|$)/;

const MAX_REASON_LENGTH = 500;
const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

const logs = new OncePerCause(new Logger('UploadStreams'));

/**
 * Translates whatever the application's code threw into an error of the error table. Errors with a known HTTP status,
 * such as Nest's `HttpException`, and errors of JWT libraries keep their meaning. Anything else becomes INTERNAL and is
 * logged, at most once a minute for each cause. Never throws.
 */
export function toUploadError(thrown: unknown): UploadError {
  if (isOurs(thrown)) return thrown;
  const known = knownError(thrown);
  if (known) return known;
  logs.error(thrown);
  return new UploadError('INTERNAL', undefined, { cause: thrown });
}

/** Runs code of the application and translates what it throws: see `toUploadError`. */
export async function fromHost<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw toUploadError(thrown);
  }
}

function isOurs(thrown: unknown): thrown is UploadError {
  try {
    return thrown instanceof UploadError;
  } catch {
    return false;
  }
}

function knownError(thrown: unknown): UploadError | undefined {
  const status = statusOf(thrown);
  const code = status === undefined ? undefined : CODES[status];
  if (!code) return undefined;
  return new UploadError(code, detailsOf(code, thrown), { cause: thrown });
}

/** Looks at the error's members, not at its class, because an application may have a second copy of Nest. */
function statusOf(thrown: unknown): number | undefined {
  // A WsException keeps its content in `getError()`.
  for (const place of [thrown, called(thrown, 'getError')]) {
    const status = called(place, 'getStatus') ?? read(place, 'status') ?? read(place, 'statusCode');
    if (typeof status === 'number') return status;
  }
  if (read(thrown, 'code') === 'ERR_JWKS_TIMEOUT') return 503;
  return isTokenError(thrown) ? 401 : undefined;
}

function isTokenError(thrown: unknown): boolean {
  const [name, code] = [read(thrown, 'name'), read(thrown, 'code')];
  if (typeof name === 'string' && TOKEN_ERROR_NAMES.has(name)) return true;
  return typeof code === 'string' && TOKEN_ERROR_CODE.test(code);
}

function detailsOf(code: ErrorCode, thrown: unknown): ErrorDetails | undefined {
  if (code === 'UPLOAD_REFUSED') {
    const reason = messageForClients(thrown);
    return reason === undefined ? undefined : { reason };
  }
  if (code !== 'TOO_MANY_REQUESTS' && code !== 'UNAVAILABLE') return undefined;
  const retryAfterMs = retryAfterMsOf(thrown);
  return retryAfterMs === undefined ? undefined : { retryAfterMs };
}

/** Only the message of an HttpException is meant for clients. Nest's validation returns a list of messages. */
function messageForClients(thrown: unknown): string | undefined {
  const response = called(thrown, 'getResponse');
  if (response === undefined) return undefined;
  const message = typeof response === 'string' ? response : (read(response, 'message') ?? read(thrown, 'message'));
  const text = Array.isArray(message) ? message.slice(0, 20).filter(isString).join('; ') : message;
  return isString(text) && text !== '' ? text.slice(0, MAX_REASON_LENGTH).toWellFormed() : undefined;
}

/** `Retry-After` of the exception, its headers or its body: seconds, or a date. */
function retryAfterMsOf(thrown: unknown): number | undefined {
  const response = called(thrown, 'getResponse');
  for (const place of [thrown, response, read(thrown, 'headers'), read(response, 'headers')]) {
    for (const name of ['retryAfter', 'retry-after', 'Retry-After', 'retry_after']) {
      const ms = milliseconds(read(place, name));
      if (ms !== undefined) return ms;
    }
  }
  return undefined;
}

function milliseconds(value: unknown): number | undefined {
  if (value instanceof Date) return bounded(value.getTime() - Date.now());
  if (typeof value === 'number') return bounded(value * 1000);
  if (!isString(value) || value === '' || value.length > 40) return undefined;
  return bounded(/^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now());
}

const bounded = (ms: number): number | undefined =>
  Number.isFinite(ms) ? Math.min(MAX_RETRY_AFTER_MS, Math.max(0, Math.round(ms))) : undefined;

const isString = (value: unknown): value is string => typeof value === 'string';

/** A property of anything: undefined where there is none, or where reading it throws. */
function read(from: unknown, name: string): unknown {
  if ((typeof from !== 'object' && typeof from !== 'function') || from === null) return undefined;
  try {
    return (from as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

function called(from: unknown, name: string): unknown {
  const method = read(from, name);
  if (typeof method !== 'function') return undefined;
  try {
    return Reflect.apply(method, from, []) as unknown;
  } catch {
    return undefined;
  }
}
