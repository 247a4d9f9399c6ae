import type { ByteRange, FileRecord, FilesService } from '@upload-streams/nest';
import { UploadError } from '@upload-streams/protocol';
import * as contentDisposition from 'content-disposition';
import type { Request, Response } from 'express';
import { pipeline } from 'node:stream/promises';
import parseRange from 'range-parser';

/** Sends a file, or the one range that was asked for. Several ranges at once get the whole file, as RFC 9110 allows. */
export async function sendFile(
  files: FilesService,
  file: FileRecord,
  request: Request,
  response: Response,
): Promise<void> {
  const etag = `"${file.fileId}"`;
  response.setHeader('ETag', etag);
  response.setHeader('Last-Modified', new Date(file.createdAt).toUTCString());
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Cache-Control', 'private, no-cache');
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  const url = request.method === 'GET' ? await presignedUrl(files, file) : undefined;
  if (url) {
    response.redirect(302, url);
    return;
  }
  const range = wantedRange(request, file, etag);
  setContentHeaders(response, file, range);
  if (request.method === 'HEAD' || file.size === 0) {
    response.end();
    return;
  }
  await pipeline(files.read(file, range), response).catch((error: unknown) => {
    // The client went away, or the disk failed midway: a short body is all that can still be said.
    if (!response.headersSent) throw new UploadError('STORAGE_FAILED', undefined, { cause: error });
    response.destroy();
  });
}

/** Of a store that people download from themselves, with the same name and type; it knows of ranges too. */
function presignedUrl(files: FilesService, file: FileRecord): Promise<string | undefined> {
  return files.presignedUrl(file, { disposition: contentDisposition.create(file.fileName), type: safeTypeOf(file) });
}

function wantedRange(request: Request, file: FileRecord, etag: string): ByteRange | undefined {
  const header = request.headers.range;
  const condition = request.headers['if-range'];
  if (header === undefined || (condition !== undefined && condition !== etag)) return undefined;
  const ranges = parseRange(file.size, header, { combine: true });
  if (ranges === -1) throw new UploadError('RANGE_NOT_SATISFIABLE', { size: file.size });
  const [range] = ranges === -2 ? [] : ranges;
  return ranges !== -2 && ranges.type === 'bytes' && ranges.length === 1 ? range : undefined;
}

/** As a download, never as a page of this origin, whatever the type claims to be. */
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
