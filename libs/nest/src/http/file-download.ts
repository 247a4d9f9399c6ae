import { UploadError } from '@upload-streams/protocol';
import * as contentDisposition from 'content-disposition';
import fresh from 'fresh';
import parseRange from 'range-parser';
import type { FilesService } from '../catalogue/files.service.js';
import type { FileRecord } from '../contracts/records.js';
import type { ByteRange } from '../contracts/storage-backend.js';
import type { Headers, HttpAnswer, HttpRequest } from './http-answer.js';

/** Sends a file, or the requested range of it. A request for several ranges gets the whole file, as RFC 9110 allows. */
export async function sendFile(
  files: Pick<FilesService, 'open' | 'presignedUrl'>,
  file: FileRecord,
  request: HttpRequest,
  answer: HttpAnswer,
  idleTimeoutMs: number,
): Promise<void> {
  const validators = validatorsOf(file);
  if (isUnchanged(request, validators)) return answer.headers(validators).send(304);
  const url = request.method === 'GET' ? await presignedUrl(files, file) : undefined;
  if (url !== undefined) return answer.headers(validators).redirect(url);
  const range = wantedRange(request, answer, file, validators.ETag);
  // No header is sent before the first bytes are there: a file that can't be read is an error, not an empty response.
  const bytes = request.method === 'HEAD' || file.size === 0 ? undefined : await files.open(file, range);
  if (answer.isOver) {
    bytes?.destroy();
    return;
  }
  const length = range ? range.end - range.start + 1 : file.size;
  answer
    .headers({ ...validators, ...contentHeaders(file, range) })
    .sendFile(range ? 206 : 200, { bytes, type: safeTypeOf(file), length }, idleTimeoutMs);
}

/** The content of a file never changes, so its ID stands for it. */
function validatorsOf({ fileId, createdAt }: FileRecord) {
  return {
    ETag: `"${fileId}"`,
    'Last-Modified': new Date(createdAt).toUTCString(),
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, no-cache',
  };
}

function isUnchanged({ headers }: HttpRequest, validators: ReturnType<typeof validatorsOf>): boolean {
  return fresh(headers, { etag: validators.ETag, 'last-modified': validators['Last-Modified'] });
}

/** For a store that serves downloads itself, under the same name and type, ranges included. */
function presignedUrl(files: Pick<FilesService, 'presignedUrl'>, file: FileRecord): Promise<string | undefined> {
  return files.presignedUrl(file, { disposition: contentDisposition.create(file.fileName), type: safeTypeOf(file) });
}

function wantedRange(
  { headers }: HttpRequest,
  answer: HttpAnswer,
  file: FileRecord,
  etag: string,
): ByteRange | undefined {
  const { range: header, 'if-range': condition } = headers;
  if (header === undefined || (condition !== undefined && condition !== etag)) return undefined;
  const ranges = parseRange(file.size, withinSize(header, file.size), { combine: true });
  if (ranges === -1) {
    answer.headers({ 'Content-Range': `bytes */${file.size}` });
    throw new UploadError('RANGE_NOT_SATISFIABLE', { size: file.size });
  }
  const [range] = ranges === -2 ? [] : ranges;
  return ranges !== -2 && ranges.type === 'bytes' && ranges.length === 1 ? range : undefined;
}

/** The last N bytes of a shorter file are all of it (RFC 9110, 14.1.2); range-parser calls such a range unsatisfiable. */
function withinSize(header: string, size: number): string {
  return header.replace(/^bytes=-(\d+)$/, (whole, count: string) => (Number(count) > size ? `bytes=-${size}` : whole));
}

/** Marks the file as a download, so that it never runs as a page of this origin, whatever its type. */
function contentHeaders(file: FileRecord, range: ByteRange | undefined): Headers {
  return {
    'Content-Disposition': contentDisposition.create(file.fileName),
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'X-Content-Type-Options': 'nosniff',
    ...(range && { 'Content-Range': `bytes ${range.start}-${range.end}/${file.size}` }),
  };
}

function safeTypeOf({ type }: FileRecord): string {
  return /^[\w.+-]+\/[\w.+-]+(;\s*[\w-]+=[\w.-]+)*$/.test(type) ? type : 'application/octet-stream';
}
