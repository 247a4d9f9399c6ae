import type { ByteRange, FileRecord, FilesService } from '@upload-streams/nest';
import { UploadError } from '@upload-streams/protocol';
import * as contentDisposition from 'content-disposition';
import type { Request, Response } from 'express';
import { pipeline } from 'node:stream/promises';
import parseRange from 'range-parser';

/** A download from which the client reads nothing for this long is ended; a slow one goes on. In milliseconds. */
export const STALLED_AFTER_MS = 60_000;

/** Sends a file, or the requested range of it. A request for several ranges gets the whole file, as RFC 9110 allows. */
export async function sendFile(
  files: FilesService,
  file: FileRecord,
  request: Request,
  response: Response,
  stalledAfterMs = STALLED_AFTER_MS,
): Promise<void> {
  const etag = `"${file.fileId}"`;
  setValidators(response, file, etag);
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  const url = request.method === 'GET' ? await presignedUrl(files, file) : undefined;
  if (url) {
    response.redirect(302, url);
    return;
  }
  const range = wantedRange(request, response, file, etag);
  // No header is sent before the first bytes are there: a file that can't be read is an error, not an empty response.
  const bytes = request.method === 'HEAD' || file.size === 0 ? undefined : await files.open(file, range);
  if (response.destroyed) {
    bytes?.destroy();
    return;
  }
  setContentHeaders(response, file, range);
  if (!bytes) {
    response.end();
    return;
  }
  response.setTimeout(stalledAfterMs, () => response.destroy());
  // The client went away, or the store failed midway and logged it. The client notices that the body is too short.
  await pipeline(bytes, response).catch(() => response.destroy());
}

function setValidators(response: Response, { createdAt }: FileRecord, etag: string): void {
  response.setHeader('ETag', etag);
  response.setHeader('Last-Modified', new Date(createdAt).toUTCString());
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', 'private, no-cache');
}

/** For a store that serves downloads itself, under the same name and type, ranges included. */
function presignedUrl(files: FilesService, file: FileRecord): Promise<string | undefined> {
  return files.presignedUrl(file, { disposition: contentDisposition.create(file.fileName), type: safeTypeOf(file) });
}

function wantedRange(request: Request, response: Response, file: FileRecord, etag: string): ByteRange | undefined {
  const header = request.headers.range;
  const condition = request.headers['if-range'];
  if (header === undefined || (condition !== undefined && condition !== etag)) return undefined;
  const ranges = parseRange(file.size, withinSize(header, file.size), { combine: true });
  if (ranges === -1) {
    response.setHeader('Content-Range', `bytes */${file.size}`);
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
function setContentHeaders(response: Response, file: FileRecord, range: ByteRange | undefined): void {
  response.setHeader('Content-Type', safeTypeOf(file));
  response.setHeader('Content-Disposition', contentDisposition.create(file.fileName));
  response.setHeader('Content-Security-Policy', "default-src 'none'; sandbox");
  response.setHeader('Content-Length', range ? range.end - range.start + 1 : file.size);
  if (!range) return;
  response.status(206);
  response.setHeader('Content-Range', `bytes ${range.start}-${range.end}/${file.size}`);
}

function safeTypeOf({ type }: FileRecord): string {
  return /^[\w.+-]+\/[\w.+-]+(;\s*[\w-]+=[\w.-]+)*$/.test(type) ? type : 'application/octet-stream';
}
