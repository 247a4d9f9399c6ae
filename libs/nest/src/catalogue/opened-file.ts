import { Logger } from '@nestjs/common';
import { UploadError } from '@upload-streams/protocol';
import type { Readable } from 'node:stream';

const logger = new Logger('FilesService');

/** How a disk and an object store say that there is nothing. */
const MISSING = new Set(['ENOENT', 'ENOTDIR', 'NoSuchKey', 'NotFound']);

/**
 * Resolves when the first bytes are there, so that an error can still be answered. Throws FILE_NOT_FOUND where the bytes
 * are missing, STORAGE_FAILED where the store does not give them; both are logged, since the catalogue promises them.
 */
export async function opened(stream: Readable, fileId: string): Promise<Readable> {
  try {
    await readable(stream);
    return stream;
  } catch (cause) {
    stream.destroy();
    const missing = isMissing(cause);
    logger.error(`The bytes of the file ${fileId} ${missing ? 'are missing' : 'can not be read'}: ${reasonOf(cause)}`);
    throw new UploadError(missing ? 'FILE_NOT_FOUND' : 'STORAGE_FAILED', undefined, { cause });
  }
}

function readable(stream: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.once('readable', resolve).once('end', resolve).once('error', reject);
    stream.once('close', () => reject(stream.errored ?? new Error('it was closed')));
  });
}

function isMissing(error: unknown): boolean {
  const { code, name } = error as { code?: unknown; name?: unknown };
  return MISSING.has(String(code)) || MISSING.has(String(name));
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
