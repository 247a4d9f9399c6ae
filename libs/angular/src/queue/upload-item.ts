import type { UploadState } from '@upload-streams/client';
import type { FileToUpload } from '../chosen-file';

/** One upload of the page, until it is dismissed. */
export interface UploadItem extends FileToUpload {
  /** Stays the same over retries, unlike the session. */
  readonly id: string;
  readonly state: UploadState;
  /** The person has cancelled the upload, and the server is being told. */
  readonly cancelling: boolean;
}

/** An event of the queue. */
export type QueueEvent =
  | ({ readonly type: 'changed'; readonly id: string; readonly state: UploadState } & FileToUpload)
  | { readonly type: 'cancelling'; readonly id: string }
  | { readonly type: 'dismissed'; readonly id: string };

/** Returns the queue after an event. An upload enters the queue with its first state. */
export function reduceQueue(items: readonly UploadItem[], event: QueueEvent): readonly UploadItem[] {
  const at = items.findIndex(({ id }) => id === event.id);
  if (event.type === 'dismissed') return at < 0 ? items : items.toSpliced(at, 1);
  const item = items[at];
  if (event.type === 'cancelling') return item ? items.with(at, { ...item, cancelling: true }) : items;
  const { type: _, ...changed } = event;
  if (!item) return [...items, { ...changed, cancelling: false }];
  return items.with(at, { ...changed, cancelling: item.cancelling && changed.state.status !== 'cancelled' });
}
