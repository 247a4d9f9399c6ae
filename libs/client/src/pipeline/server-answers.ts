import { UploadError, type BegunUpload, type ChunkWritten, type CompletedUpload } from '@upload-streams/protocol';

/**
 * What a server says is looked at before it is believed: a proxy, or a server of another make, can answer anything, and a
 * number that is none would go on through all sums. By hand, since a page would have to load all of zod for it.
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
      cause: new TypeError(`what came for ${event} is not of the protocol`),
    });
  }
}
