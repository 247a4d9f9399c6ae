import { UploadError, type UploadErrorBody } from './upload-error.js';

/** The acknowledgement of an event: the answer, or the error. */
export type Ack<T extends object> =
  ({ readonly ok: true } & T) | { readonly ok: false; readonly error: UploadErrorBody };

export function accept<T extends object>(answer: T): Ack<T> {
  return { ok: true, ...answer };
}

export function refuse(error: unknown): Ack<never> {
  return { ok: false, error: UploadError.from(error).toBody() };
}

/** Returns the answer in an ack. Throws the `UploadError` of a refusal, and `INTERNAL` for anything malformed. */
export function unwrap<T extends object>(ack: Ack<T>): T {
  if (ack?.ok === true) return ack;
  throw UploadError.fromBody(ack?.error);
}
