import { UploadError, type BegunUpload, type CompletedUpload } from '@upload-streams/protocol';
import type { ResolvedUploadOptions } from '../upload-options.js';
import type { WantedUpload } from './admission.js';
import type { FileRecord } from '../contracts/records.js';

/**
 * What a client is told of a file. A file without an owner is reached by its session ID, which only its client knows, so
 * the URL that the client is given carries it.
 */
export function toCompletedUpload(file: FileRecord, fileUrl: (fileId: string) => string): CompletedUpload {
  const { fileId, fileName, size, type, crc32, sha256 } = file;
  const url = file.owner === null ? `${fileUrl(fileId)}?sessionID=${file.sessionID}` : fileUrl(fileId);
  return { fileId, fileName, size, type, crc32, sha256, url };
}

/**
 * The answer to who begins what is complete: the session's record may be gone by now, its file is not. Throws
 * SESSION_FORBIDDEN and SESSION_MISMATCH.
 */
export function toBegunBefore(
  file: FileRecord,
  wanted: WantedUpload,
  owner: string | null,
  options: ResolvedUploadOptions,
): BegunUpload {
  if (file.owner !== owner) throw new UploadError('SESSION_FORBIDDEN');
  if (wanted.protocol !== 1 || (wanted.size ?? file.size) !== file.size) throw new UploadError('SESSION_MISMATCH');
  return {
    offset: file.size,
    durable: file.size,
    window: 0,
    maxChunkSize: options.maxChunkBytes,
    prefixCrc32: file.crc32,
    expiresAt: Date.now() + options.sessionTtlMs,
    completed: toCompletedUpload(file, options.fileUrl),
  };
}
