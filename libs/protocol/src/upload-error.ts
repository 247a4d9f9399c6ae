import { ERRORS, type ErrorCode, type ErrorDetails, type Recovery } from './errors.js';

/** An error as it travels: in an ack, in `upload_error_{ID}`, in the body of an HTTP answer. */
export interface UploadErrorBody {
  readonly code: ErrorCode;
  readonly message: string;
  readonly recovery: Recovery;
  readonly details?: ErrorDetails;
}

/** The one error class of the project: a code of the catalogue, facts, and the cause where there is one. */
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

  /** The HTTP status that corresponds to the code; 500 for an error that only clients meet. */
  get status(): number {
    return ERRORS[this.code].status || 500;
  }

  toBody(): UploadErrorBody {
    const { code, message, recovery, details } = this;
    return details ? { code, message, recovery, details } : { code, message, recovery };
  }

  /** The error that a body stands for. A code that this version does not know counts as INTERNAL. */
  static fromBody(body: unknown): UploadError {
    const { code, details } = (body ?? {}) as Partial<UploadErrorBody>;
    return code !== undefined && Object.hasOwn(ERRORS, code)
      ? new UploadError(code, details)
      : new UploadError('INTERNAL');
  }

  /** `error` itself if it is of the catalogue, else INTERNAL with it as the cause. */
  static from(error: unknown): UploadError {
    return error instanceof UploadError ? error : new UploadError('INTERNAL', undefined, { cause: error });
  }
}

/** Whether `error` is an UploadError, of one of `codes` where any are given. */
export function isUploadError(error: unknown, ...codes: ErrorCode[]): error is UploadError {
  return error instanceof UploadError && (codes.length === 0 || codes.includes(error.code));
}
