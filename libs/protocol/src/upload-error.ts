import { ERRORS, type ErrorCode, type ErrorDetails, type Recovery } from './errors.js';

/** The serialized form of an error: in an ack, in `upload_error_{ID}` and in the body of an HTTP response. */
export interface UploadErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly recovery: Recovery;
  readonly details?: ErrorDetails;
}

/** The error class of this project: a code from the catalogue, optional details and an optional cause. */
export class UploadError extends Error {
  override readonly name = 'UploadError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, details?: ErrorDetails, options?: ErrorOptions) {
    super(ERRORS[code].message(details ?? {}), options);
    this.code = code;
    this.details = details;
  }

  get recovery(): Recovery {
    return ERRORS[this.code].recovery;
  }

  /** The HTTP status of the code; 500 for errors that only occur in a client. */
  get status(): number {
    return ERRORS[this.code].status || 500;
  }

  toBody(): UploadErrorBody {
    const { code, message, recovery, details } = this;
    return details ? { code, message, recovery, details } : { code, message, recovery };
  }

  /** Restores an error from its serialized form. A code that this version does not know becomes `INTERNAL`. */
  static fromBody(body: unknown): UploadError {
    const { code, details } = (body ?? {}) as Partial<UploadErrorBody>;
    return code !== undefined && Object.hasOwn(ERRORS, code)
      ? new UploadError(code, details)
      : new UploadError('INTERNAL');
  }

  /** Returns an `UploadError` unchanged. Wraps any other value in an `INTERNAL` error, as its cause. */
  static from(error: unknown): UploadError {
    return error instanceof UploadError ? error : new UploadError('INTERNAL', undefined, { cause: error });
  }
}

/** Whether `error` is an `UploadError` and, if `codes` are given, has one of them. */
export function isUploadError(error: unknown, ...codes: ErrorCode[]): error is UploadError {
  return error instanceof UploadError && (codes.length === 0 || codes.includes(error.code));
}
