import type { CompletedUpload, UploadError } from '@upload-streams/protocol';

/** What is known of an upload at any time. */
export interface UploadFacts {
  /** Names the upload to the server. It changes when an upload has to start anew. */
  readonly sessionID: string;
  readonly fileName: string;
  /** Bytes; undefined for a live stream that has not ended. */
  readonly size: number | undefined;
  /** Bytes that the server has acknowledged. */
  readonly uploaded: number;
  /** Bytes a second over about the last two seconds; undefined until there is something to measure. */
  readonly bytesPerSecond: number | undefined;
  /** Undefined where the size or the rate is not known. */
  readonly secondsLeft: number | undefined;
}

/**
 * Where an upload stands. `hashing`: what the server has is compared with the file. `waiting`: something went wrong that
 * mends itself; it goes on in `retryInMs`, or, where that is undefined, as soon as there is a network again. `verifying`: all is sent, the server checks and stores it. The last three are
 * final: the observable completes after them.
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
