import { UploadError, type UploadErrorBody } from './upload-error.js';

/** The answer to an event: what was asked for, or why not. */
export type Ack<T extends object> =
  ({ readonly ok: true } & T) | { readonly ok: false; readonly error: UploadErrorBody };

export function accept<T extends object>(answer: T): Ack<T> {
  return { ok: true, ...answer };
}

export function refuse(error: unknown): Ack<never> {
  return { ok: false, error: UploadError.from(error).toBody() };
}

/** What an ack carries, or the UploadError it carries, thrown. */
export function unwrap<T extends object>(ack: Ack<T>): T {
  if (ack?.ok === true) return ack;
  throw UploadError.fromBody(ack?.error);
}
