import type { ErrorCode, ErrorDetails } from '@upload-streams/protocol';
import { formatBytes } from './format/format-bytes.pipe';

/** An error in words for the person who uploads a file. */
export interface ErrorSentence {
  /** What happened. */
  readonly what: string;
  /** What to do about it, or what is being done. */
  readonly advice: string;
}

const TRY_AGAIN = 'Try again. If it happens again, tell the people who run this site.';
const RELOAD = 'Reload the page and choose the file again.';
const GOES_ON = 'Keep this page open: the upload goes on where it stopped.';
const STARTS_AGAIN = 'It starts again from the beginning.';
const DAMAGED: ErrorSentence = { what: 'A piece of the file arrived damaged.', advice: 'It is sent again.' };

const sizeOf = (value: unknown): string | undefined => (typeof value === 'number' ? formatBytes(value) : undefined);

/** A sentence for every error of the protocol's catalogue. */
export const ERROR_SENTENCES: Readonly<Record<ErrorCode, (details: ErrorDetails) => ErrorSentence>> = {
  INVALID_PAYLOAD: () => ({ what: 'The server did not understand this page.', advice: RELOAD }),
  INVALID_CHUNK: () => DAMAGED,
  UNKNOWN_EVENT: () => ({ what: 'The server did not understand this page.', advice: RELOAD }),
  MESSAGE_TOO_LARGE: () => ({
    what: 'The details of this file are too long for the server.',
    advice: 'Give it a shorter name, and choose it again.',
  }),
  UNSUPPORTED_PROTOCOL: () => ({ what: 'This page and the server are of different versions.', advice: RELOAD }),
  SESSION_ID_INVALID: () => ({ what: 'The upload lost its place.', advice: STARTS_AGAIN }),
  FILE_NAME_INVALID: () => ({
    what: 'A file can’t be stored under this name.',
    advice: 'Rename it, without slashes or special characters and at most 255 characters long, and choose it again.',
  }),
  FILE_TOO_LARGE: ({ maxBytes }) => ({
    what: 'The file is too large.',
    advice: sizeOf(maxBytes) ? `At most ${sizeOf(maxBytes)} are allowed.` : 'Choose a smaller one.',
  }),
  TYPE_NOT_ALLOWED: ({ allowed }) => ({
    what: 'Files of this kind are not accepted here.',
    advice: allowed ? `Choose one of: ${String(allowed).replaceAll(',', ', ')}.` : 'Choose another kind of file.',
  }),
  UNAUTHORIZED: () => ({
    what: 'The server does not know who you are.',
    advice: 'Sign in again or reload the page, then try again.',
  }),
  FORBIDDEN: () => ({
    what: 'You may not upload here.',
    advice: 'Sign in with another account, or ask the people who run this site for access.',
  }),
  ORIGIN_NOT_ALLOWED: () => ({
    what: 'The server takes no uploads from this address.',
    advice: 'Open the page at its proper address, or tell the people who run this site.',
  }),
  UPLOAD_REFUSED: ({ reason }) => ({
    what: 'The server does not accept this file.',
    advice: typeof reason === 'string' ? `Its reason: ${reason}.` : 'Choose another one.',
  }),
  SESSION_FORBIDDEN: () => ({ what: 'This upload belongs to someone else.', advice: STARTS_AGAIN }),
  SESSION_NOT_FOUND: () => ({ what: 'The server asks for this file anew.', advice: GOES_ON }),
  SESSION_MISMATCH: () => ({ what: 'The server has begun another file in this place.', advice: STARTS_AGAIN }),
  SESSION_TAKEN_OVER: () => ({
    what: 'This upload goes on in another tab or window.',
    advice: 'Leave it to that one, or try again to go on here.',
  }),
  UPLOAD_CANCELLED: () => ({
    what: 'This upload was cancelled in another tab or window.',
    advice: 'Try again to upload it all the same.',
  }),
  TOO_MANY_REQUESTS: () => ({ what: 'The server asks to slow down.', advice: GOES_ON }),
  UNAVAILABLE: () => ({ what: 'The server is not ready just now.', advice: GOES_ON }),
  TOO_MANY_SESSIONS: () => ({
    what: 'Too many uploads are unfinished at once.',
    advice: 'This one begins as soon as another has ended.',
  }),
  OFFSET_MISMATCH: () => ({
    what: 'The page and the server disagreed about the progress of the upload.',
    advice: GOES_ON,
  }),
  CHUNK_TOO_LARGE: () => ({ what: 'The server takes only smaller pieces.', advice: TRY_AGAIN }),
  WINDOW_EXCEEDED: () => ({ what: 'The page was faster than the server.', advice: GOES_ON }),
  CHECKSUM_MISMATCH: () => DAMAGED,
  FILE_CHECKSUM_MISMATCH: () => ({ what: 'The file arrived damaged and was not kept.', advice: STARTS_AGAIN }),
  SIZE_MISMATCH: () => ({ what: 'The file did not arrive in its full size.', advice: STARTS_AGAIN }),
  UPLOAD_ALREADY_COMPLETE: () => ({ what: 'The server has the whole file already.', advice: 'It is being confirmed.' }),
  STORAGE_FULL: () => ({
    what: 'The server has no room left for this file.',
    advice: 'The upload waits and goes on when there is room. Delete files that are no longer needed.',
  }),
  STORAGE_FAILED: () => ({ what: 'The server can’t reach its storage just now.', advice: GOES_ON }),
  SERVER_DRAINING: () => ({ what: 'The server is restarting.', advice: GOES_ON }),
  FILE_NOT_FOUND: () => ({ what: 'This file is no longer on the server.', advice: 'Reload the list of files.' }),
  RANGE_NOT_SATISFIABLE: () => ({
    what: 'The download asked for a part that the file does not have.',
    advice: 'Download it from the start.',
  }),
  INTERNAL: () => ({ what: 'Something went wrong on the server.', advice: TRY_AGAIN }),
  CONNECTION_LOST: () => ({ what: 'There is no connection to the server.', advice: GOES_ON }),
  OFFLINE: () => ({ what: 'You are offline.', advice: 'The upload goes on as soon as you are back online.' }),
  WEBSOCKET_BLOCKED: ({ status }) =>
    status === 404
      ? {
          what: 'There is no upload server at this address.',
          advice: 'Tell the people who run this site. The upload goes on as soon as it can connect.',
        }
      : {
          what: 'This network blocks the connection that uploads need, a WebSocket.',
          advice:
            'Try another network, or turn off VPNs, proxies and browser extensions. The upload goes on as soon as it can connect.',
        },
  ACK_TIMEOUT: () => ({ what: 'The server does not answer.', advice: GOES_ON }),
  TOKEN_UNAVAILABLE: () => ({ what: 'This page could not sign in to the server.', advice: GOES_ON }),
  SOURCE_FAILED: () => ({
    what: 'The file can’t be read any more.',
    advice: 'It may have been moved or deleted: choose it again.',
  }),
  SOURCE_CHANGED: ({ rereadable }) => ({
    what: 'The file changed during its upload.',
    advice:
      rereadable === false ? 'Nothing of it was stored. Choose it again to upload it as it is now.' : STARTS_AGAIN,
  }),
  SOURCE_NOT_REREADABLE: () => ({ what: 'The file can’t be read a second time.', advice: 'Choose it again.' }),
};

/** The sentence for an error, such as an `UploadError`. */
export function errorSentence(error: {
  readonly code: ErrorCode;
  readonly details?: ErrorDetails | undefined;
}): ErrorSentence {
  return ERROR_SENTENCES[error.code](error.details ?? {});
}
