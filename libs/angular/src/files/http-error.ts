import { HttpErrorResponse } from '@angular/common/http';
import { UploadError } from '@upload-streams/protocol';

/** Returns the error of the catalogue for a failed request. */
export function uploadErrorOf(error: unknown): UploadError {
  if (!(error instanceof HttpErrorResponse)) return UploadError.from(error);
  if (error.status === 0) return new UploadError('CONNECTION_LOST', undefined, { cause: error });
  const body: unknown = error.error;
  const told = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  return UploadError.fromBody(told);
}
