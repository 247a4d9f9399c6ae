import type { CompletedUpload } from '@upload-streams/protocol';
import type { FileRecord } from './session-record.js';

/**
 * What a client is told of a file. A file without an owner is reached by its session ID, which only its client knows, so
 * the URL that the client is given carries it.
 */
export function toCompletedUpload(file: FileRecord, fileUrl: (fileId: string) => string): CompletedUpload {
  const { fileId, fileName, size, type, crc32, sha256 } = file;
  const url = file.owner === null ? `${fileUrl(fileId)}?sessionID=${file.sessionID}` : fileUrl(fileId);
  return { fileId, fileName, size, type, crc32, sha256, url };
}
