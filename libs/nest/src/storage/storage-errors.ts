import { Logger } from '@nestjs/common';
import { UploadError, type ErrorCode } from '@upload-streams/protocol';
import { Readable } from 'node:stream';
import { BrokenFileError } from '../contracts/partial-file.js';
import { OncePerCause } from '../errors/once-per-cause.js';

/** Codes of back ends without space: the disk is full, the quota is used up, or the file is too large for the disk. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** Codes of back ends for a missing file. */
const MISSING = new Set(['ENOENT', 'ENOTDIR']);

/**
 * Whether an error means that a partial file cannot continue, but can be reopened and continues from its synced bytes.
 */
export const isBrokenFile = (error: unknown): boolean =>
  error instanceof UploadError && error.cause instanceof BrokenFileError;

/** Translates errors of a back end to those of the error table. Each cause is logged at most once a minute. */
export class StorageErrors {
  private readonly log = new OncePerCause(new Logger('StorageService'));

  /** Runs the work. Throws STORAGE_FULL or STORAGE_FAILED if it fails. */
  async translateErrors<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.translate(error);
    }
  }

  /** Yields the same items. Reading them fails like `translateErrors`. */
  async *translateItems<T>(items: AsyncIterable<T>): AsyncIterable<T> {
    try {
      yield* items;
    } catch (error) {
      throw this.translate(error);
    }
  }

  /**
   * Returns a stream of the same bytes of a completed file. It fails with FILE_NOT_FOUND if they are missing, otherwise
   * with STORAGE_FAILED, also if there are fewer than `expected`: a short answer that ends without an error would leave a
   * client waiting for the rest.
   */
  translateStream(source: Readable, fileId: string, expected = 0): Readable {
    let received = 0;
    const stream = new Readable({
      read: () => void source.resume(),
      destroy: (error, done) => {
        source.destroy();
        done(error);
      },
    });
    const fail = (error: unknown) => stream.destroy(this.translateRead(error, fileId));
    // Paused before it has a listener, so that nothing is read until somebody reads from the new stream.
    source.pause();
    source.on('data', (bytes: Uint8Array) => {
      received += bytes.length;
      if (!stream.push(bytes)) source.pause();
    });
    source.on('end', () => {
      if (received < expected) fail(new Error('there are fewer bytes than the catalogue says'));
      else stream.push(null);
    });
    source.on('error', fail);
    source.on('close', () => {
      if (!source.readableEnded && !stream.destroyed) fail(new Error('the stream was closed before its end'));
    });
    return stream;
  }

  private translate(cause: unknown): UploadError {
    if (cause instanceof UploadError) return cause;
    this.log.error(cause);
    return new UploadError(FULL.has(codeOf(cause)) ? 'STORAGE_FULL' : 'STORAGE_FAILED', undefined, { cause });
  }

  /** The catalogue promises the bytes, so the log says which file it is. */
  private translateRead(cause: unknown, fileId: string): UploadError {
    const isMissing = MISSING.has(codeOf(cause));
    const code: ErrorCode = isMissing ? 'FILE_NOT_FOUND' : 'STORAGE_FAILED';
    this.log.error(
      new Error(`The bytes of the file ${fileId} ${isMissing ? 'are missing' : 'can not be read'}`, { cause }),
    );
    return new UploadError(code, undefined, { cause });
  }
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code);
