import type { CompletedUpload, UploadError } from '@upload-streams/protocol';
import type { SourceFacts } from '../ports/chunk-source.js';

/** What happens to an upload. The pipeline emits it, `reduceUpload` makes states of it. */
export type UploadEvent =
  | { readonly type: 'opened'; readonly facts: SourceFacts }
  /** The server says that it is still working on an answer. */
  | { readonly type: 'working' }
  | { readonly type: 'connecting' | 'hashing' | 'verifying' | 'paused' | 'cancelled' }
  | { readonly type: 'queued' | 'restarted'; readonly sessionID: string }
  | { readonly type: 'begun' | 'acked'; readonly offset: number; readonly at: number }
  | { readonly type: 'waiting'; readonly reason: UploadError; readonly retryInMs: number | undefined }
  | { readonly type: 'completed'; readonly file: CompletedUpload }
  | { readonly type: 'failed'; readonly error: UploadError };

/**
 * Returns a test that says of each event whether the upload made progress, which resets the waits and the count of failures.
 * Only a new highest offset is progress; the same bytes acknowledged again, or an empty last chunk, are not.
 */
export function progressTest(): (event: UploadEvent) => boolean {
  let highest = 0;
  return (event) => {
    if (event.type === 'completed') return true;
    if (event.type !== 'acked' && event.type !== 'begun') return false;
    const isNew = event.offset > highest;
    highest = Math.max(highest, event.offset);
    return isNew && event.type === 'acked';
  };
}

/** Whether the upload ends with this event. */
export function isLast(event: UploadEvent): boolean {
  return event.type === 'completed' || event.type === 'failed' || event.type === 'cancelled';
}
