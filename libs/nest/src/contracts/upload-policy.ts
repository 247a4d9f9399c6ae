import type { FileRecord } from './records.js';

/** The token of the `UploadPolicy`. */
export const UPLOAD_POLICY = Symbol('UPLOAD_POLICY');

/** An upload that wants to begin. */
export interface UploadRequest {
  readonly owner: string | null;
  readonly fileName: string;
  /** Bytes; undefined for a live stream. */
  readonly size: number | undefined;
  readonly type: string;
  /** Milliseconds since 1970, as the client says; undefined where it does not. */
  readonly lastModified: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a policy may change. */
export type UploadAmendment = Partial<Pick<UploadRequest, 'fileName' | 'type' | 'metadata'>>;

/**
 * An application's own rules. Both methods refuse an upload by throwing an `UploadError`, usually `UPLOAD_REFUSED` with a
 * `reason`, or an `HttpException` of Nest, whose status decides what it means (docs/errors.md). Clients retry 429 and 503,
 * after `retryAfter`. Any other error counts as INTERNAL.
 */
export interface UploadPolicy {
  /** Called before anything is stored, once for a session and not when it is resumed. May rename and tag the upload. */
  admit?(upload: UploadRequest): UploadAmendment | void | Promise<UploadAmendment | void>;
  /** Called after the last byte, before anybody is told. A file that is refused is removed and appears in no list. */
  inspect?(file: FileRecord): void | Promise<void>;
}

/** The default: allows everything that the options allow. */
export const openUploadPolicy: UploadPolicy = {};
