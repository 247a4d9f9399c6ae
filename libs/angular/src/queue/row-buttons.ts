import { isFinal, type UploadState } from '@upload-streams/client';
import type { IconName } from '../icon';

/** The buttons of an upload. */
export type RowCommand = 'pause' | 'resume' | 'cancel' | 'retry' | 'dismiss';

export interface RowButton {
  /** Buttons of the same place replace each other, and keep the focus. */
  readonly place: 'go on' | 'end';
  readonly command: RowCommand;
  readonly label: string;
  readonly icon: IconName;
}

const PAUSE: RowButton = { place: 'go on', command: 'pause', label: 'Pause', icon: 'pause' };
const RESUME: RowButton = { place: 'go on', command: 'resume', label: 'Resume', icon: 'resume' };
const RETRY: RowButton = { place: 'go on', command: 'retry', label: 'Retry', icon: 'retry' };
const CANCEL: RowButton = { place: 'end', command: 'cancel', label: 'Cancel', icon: 'close' };
const DISMISS: RowButton = { place: 'end', command: 'dismiss', label: 'Dismiss', icon: 'close' };

/** The buttons for a state. */
export function rowButtons({ status }: UploadState): readonly RowButton[] {
  if (status === 'completed') return [DISMISS];
  if (isFinal({ status })) return [RETRY, DISMISS];
  return [status === 'paused' ? RESUME : PAUSE, CANCEL];
}
