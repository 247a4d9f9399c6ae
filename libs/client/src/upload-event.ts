import type { CompletedUpload, UploadError } from '@upload-streams/protocol';
import type { SourceFacts } from './ports/chunk-source.js';

/** What happens to an upload, as the pipeline tells it and `reduceUpload` reads it. */
export type UploadEvent =
  | { readonly type: 'opened'; readonly facts: SourceFacts }
  | { readonly type: 'connecting' | 'hashing' | 'verifying' | 'paused' | 'cancelled' }
  | { readonly type: 'queued' | 'restarted'; readonly sessionID: string }
  | { readonly type: 'begun' | 'acked'; readonly offset: number; readonly at: number }
  | { readonly type: 'waiting'; readonly reason: UploadError; readonly retryInMs: number | undefined }
  | { readonly type: 'completed'; readonly file: CompletedUpload }
  | { readonly type: 'failed'; readonly error: UploadError };

/** Whether the upload got further: what resets the backoff. */
export function isProgress(event: UploadEvent): boolean {
  return event.type === 'acked' || event.type === 'completed';
}

/** Whether the upload ends with this event. */
export function isLast(event: UploadEvent): boolean {
  return event.type === 'completed' || event.type === 'failed' || event.type === 'cancelled';
}
