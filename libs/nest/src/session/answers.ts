import type { BegunUpload, CompletedUpload } from '@upload-streams/protocol';
import type { FileRecord } from '../contracts/records.js';
import type { ResolvedUploadOptions } from '../upload-options.js';

type AnswerOptions = Pick<ResolvedUploadOptions, 'maxChunkBytes' | 'sessionTtlMs' | 'fileUrl'>;

/** The progress of an unfinished upload. */
type Progress = Pick<BegunUpload, 'offset' | 'durable' | 'window' | 'prefixCrc32'>;

/** The answer to `begin_upload` for an unfinished upload. */
export function begunAnswer(progress: Progress, { maxChunkBytes, sessionTtlMs }: AnswerOptions): BegunUpload {
  return { ...progress, maxChunkSize: maxChunkBytes, expiresAt: Date.now() + sessionTtlMs };
}

/** The answer to `begin_upload` for an upload that is complete. */
export function completedAnswer(file: FileRecord, options: AnswerOptions): BegunUpload {
  const { size, crc32 } = file;
  const progress = { offset: size, durable: size, window: 0, prefixCrc32: crc32 };
  return { ...begunAnswer(progress, options), completed: toCompletedUpload(file, options.fileUrl) };
}

/**
 * What a client is told about a file. A file without an owner is reached with its session ID, which only its client
 * knows, so its URL contains the ID.
 */
export function toCompletedUpload(file: FileRecord, fileUrl: (fileId: string) => string): CompletedUpload {
  const { fileId, fileName, size, type, crc32, sha256 } = file;
  const url = file.owner === null ? `${fileUrl(fileId)}?sessionID=${file.sessionID}` : fileUrl(fileId);
  return { fileId, fileName, size, type, crc32, sha256, url };
}
