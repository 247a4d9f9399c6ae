import type { IncomingHttpHeaders } from 'node:http';
import { TusProblem } from './tus-problem.js';

export const TUS_VERSION = '1.0.0';

export const OFFSET_STREAM = 'application/offset+octet-stream';

export const TUS_EXTENSIONS = [
  'creation',
  'creation-with-upload',
  'creation-defer-length',
  'termination',
  'checksum',
  'expiration',
];

/** The headers that pages of other hosts have to read: for `exposedHeaders` of the application's CORS. */
export const TUS_EXPOSED_HEADERS: readonly string[] = [
  'Location',
  'Tus-Resumable',
  'Tus-Version',
  'Tus-Extension',
  'Tus-Max-Size',
  'Tus-Checksum-Algorithm',
  'Upload-Offset',
  'Upload-Length',
  'Upload-Defer-Length',
  'Upload-Metadata',
  'Upload-Expires',
];

/** Throws 412 if a client speaks another version. */
export function requireVersion(headers: IncomingHttpHeaders): void {
  if (headers['tus-resumable'] === TUS_VERSION) return;
  throw new TusProblem('VERSION', { answer: { 'Tus-Version': TUS_VERSION } });
}

/** Throws 415 if a body is not marked as bytes at an offset. */
export function requireOffsetStream({ 'content-type': type }: IncomingHttpHeaders): void {
  if (type?.split(';')[0]!.trim().toLowerCase() !== OFFSET_STREAM) throw new TusProblem('CONTENT_TYPE');
}

export function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Bytes of the body; undefined if it is sent without a length. */
export function bodyLengthOf(headers: IncomingHttpHeaders): number | undefined {
  return headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : undefined;
}

export function requireOffset(headers: IncomingHttpHeaders): number {
  const offset = wholeNumber(headers, 'upload-offset');
  if (offset === undefined) throw new TusProblem('HEADER', { header: 'Upload-Offset' });
  return offset;
}

/** `Upload-Length`, if there is one. */
export function lengthOf(headers: IncomingHttpHeaders): number | undefined {
  return wholeNumber(headers, 'upload-length');
}

/** The length of a new upload; undefined if the client tells it later. Throws if it says neither, or both. */
export function lengthOfNew(headers: IncomingHttpHeaders): number | undefined {
  const length = lengthOf(headers);
  const deferred = headers['upload-defer-length'];
  if (deferred !== undefined && deferred !== '1') throw new TusProblem('HEADER', { header: 'Upload-Defer-Length' });
  if ((length === undefined) !== (deferred === '1')) throw new TusProblem('HEADER', { header: 'Upload-Length' });
  return length;
}

/** A number beyond 2^53 is a number, too: it is more than any limit. */
function wholeNumber(headers: IncomingHttpHeaders, name: string): number | undefined {
  const value = headers[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || !/^\d{1,30}$/.test(value)) throw new TusProblem('HEADER', { header: titled(name) });
  return Number(value);
}

const titled = (name: string): string => name.replace(/(^|-)[a-z]/g, (letters) => letters.toUpperCase());
