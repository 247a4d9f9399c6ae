import type { CompletedUpload, UploadError } from '@upload-streams/protocol';

/** What is known of an upload at any time. */
export interface UploadFacts {
  /** Names the upload to the server. It changes when the upload has to restart. */
  readonly sessionID: string;
  readonly fileName: string;
  /** Bytes; undefined for a live stream that has not ended. */
  readonly size: number | undefined;
  /** Bytes that the server has acknowledged. */
  readonly uploaded: number;
  /** Bytes per second over about the last two seconds; undefined until there is something to measure. */
  readonly bytesPerSecond: number | undefined;
  /** undefined if the size or the rate is not known. */
  readonly secondsLeft: number | undefined;
}

/**
 * The state of an upload. `hashing`: the bytes on the server are compared with the file. `waiting`: after an error that
 * passes, the upload goes on in `retryInMs`, or as soon as there is a network if that is undefined. `verifying`: everything
 * is sent, and the server checks and stores it. `completed`, `failed` and `cancelled` are final: the observable completes
 * after them.
 */
export type UploadState = UploadFacts &
  (
    | { readonly status: 'queued' | 'connecting' | 'hashing' | 'uploading' | 'paused' | 'verifying' | 'cancelled' }
    | { readonly status: 'waiting'; readonly reason: UploadError; readonly retryInMs: number | undefined }
    | { readonly status: 'completed'; readonly file: CompletedUpload }
    | { readonly status: 'failed'; readonly error: UploadError }
  );

export type UploadStatus = UploadState['status'];

/** Whether nothing more will happen to this upload. */
export function isFinal(state: { readonly status: UploadStatus }): boolean {
  return state.status === 'completed' || state.status === 'failed' || state.status === 'cancelled';
}
