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
 * An application's own rules. Both methods refuse by throwing an `UploadError`, `UPLOAD_REFUSED` with a `reason` as a
 * rule, or an `HttpException` of Nest, whose status says what it means (docs/errors.md); 429 and 503 are retried, after
 * their `retryAfter`. Any other error counts as INTERNAL.
 */
export interface UploadPolicy {
  /** Before anything is stored. May rename and tag. Called once for a session, not when it is resumed. */
  admit?(upload: UploadRequest): UploadAmendment | void | Promise<UploadAmendment | void>;
  /** After the last byte, before anyone is told: a file that is refused here is removed and never shows up. */
  inspect?(file: FileRecord): void | Promise<void>;
}

/** The default: takes everything that the options allow. */
export const openUploadPolicy: UploadPolicy = {};
