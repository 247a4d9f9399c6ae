import { UploadError, type BegunUpload, type ChunkWritten, type CompletedUpload } from '@upload-streams/protocol';

/**
 * Checks the answers of the server. A proxy or another server can answer anything, and NaN would spread through all sums. The
 * schemas of the protocol are not used, because the page would have to load all of zod for them.
 */
export function begunUpload(answer: BegunUpload): BegunUpload {
  const { offset, durable, window, maxChunkSize, prefixCrc32, completed } = answer;
  check(isCount(offset) && isCount(durable) && isCount(window) && isCount(prefixCrc32), 'begin_upload');
  check(isCount(maxChunkSize) && (maxChunkSize > 0 || completed !== undefined), 'begin_upload');
  if (completed !== undefined) completedUpload(completed);
  return answer;
}

export function chunkWritten(answer: ChunkWritten): ChunkWritten {
  const { offset, durable, window } = answer;
  check(isCount(offset) && isCount(durable) && isCount(window), 'upload_chunk');
  return answer;
}

export function completedUpload(file: unknown): CompletedUpload {
  const { fileId, size, crc32 } = (file ?? {}) as Partial<CompletedUpload>;
  check(typeof fileId === 'string' && isCount(size) && isCount(crc32), 'upload_success');
  return file as CompletedUpload;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

function check(holds: boolean, event: string): void {
  if (!holds) {
    throw new UploadError('INTERNAL', undefined, {
      cause: new TypeError(`the server's message for ${event} does not follow the protocol`),
    });
  }
}
