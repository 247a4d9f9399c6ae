import { isUploadError, UploadError } from '@upload-streams/protocol';
import { catchError, defer, map, of, throwError, timeout, type Observable } from 'rxjs';

/** What a function returns that provides a credential. Nothing, or an empty text, is no credential. */
type TokenAnswer = string | null | undefined;

/** A credential, or a function that returns one. */
export type TokenSource = string | (() => TokenAnswer | PromiseLike<TokenAnswer>) | undefined;

/**
 * Asks for the credential on subscription, and emits it, or undefined if there is none. Fails with the UploadError that the
 * function throws, so that it can end an upload with UNAUTHORIZED, and otherwise with TOKEN_UNAVAILABLE: if the function
 * throws anything else, returns anything but a text, or does not answer within `timeoutMs`. An answer that comes later, or
 * after unsubscribing, is ignored.
 */
export function askToken(source: TokenSource, timeoutMs: number): Observable<string | undefined> {
  if (typeof source !== 'function') return of(source || undefined);
  return defer(async () => source()).pipe(
    timeout({ first: timeoutMs, with: () => throwError(() => new Error(`no token within ${timeoutMs} ms`)) }),
    map(credentialOf),
    catchError((cause: unknown) =>
      throwError(() => (isUploadError(cause) ? cause : new UploadError('TOKEN_UNAVAILABLE', undefined, { cause }))),
    ),
  );
}

/** The value itself is in no error, because it may be a secret. */
function credentialOf(answer: unknown): string | undefined {
  if (answer === undefined || answer === null || answer === '') return undefined;
  if (typeof answer !== 'string') throw new TypeError(`the token is of type ${typeof answer}, not a text`);
  return answer;
}
