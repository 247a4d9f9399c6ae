import type { ErrorCode, UploadError } from '@upload-streams/protocol';
import { errorSentence } from '../error-sentences';
import { formatBytes } from '../format/format-bytes.pipe';
import { formatDuration } from '../format/format-duration.pipe';
import type { UploadItem } from './upload-item';

/** For an error that usually passes, but has not in several attempts. */
const GIVEN_UP = 'It was tried several times; try again later.';

/** An upload waits for these to pass, but a person may have to do something about them. */
const NEEDS_PERSON: ReadonlySet<ErrorCode> = new Set(['STORAGE_FULL', 'WEBSOCKET_BLOCKED']);

/** Per cent, rounded down: 100 is shown when the server has every byte, not before. */
export function percentage(item: UploadItem): number {
  const { state } = item;
  const size = sizeOf(item);
  if (size === 0) return state.status === 'completed' ? 100 : 0;
  return Math.min(100, Math.floor((state.uploaded / size) * 100));
}

/** In bytes. A file that has changed is uploaded as it is now, and may be larger or smaller than the chosen one. */
export function sizeOf({ state, file }: UploadItem): number {
  return state.size ?? file.size;
}

/** The state of an upload in words. */
export function statusLine({ state, cancelling }: UploadItem, retryInSeconds: number): string {
  if (cancelling) return 'Cancelling…';
  switch (state.status) {
    case 'queued':
      return 'Waiting for its turn';
    case 'connecting':
      return 'Connecting…';
    case 'hashing':
      return 'Comparing with what the server has…';
    case 'uploading':
      return pace(state.bytesPerSecond, state.secondsLeft);
    case 'paused':
      return 'Paused';
    case 'waiting': {
      const { what, advice } = errorSentence(state.reason);
      if (NEEDS_PERSON.has(state.reason.code)) return `${what} ${advice}`;
      return `${what} ${state.retryInMs === undefined ? advice : tryingAgain(retryInSeconds)}`;
    }
    case 'verifying':
      return 'The server checks and stores it…';
    case 'completed':
      return 'File uploaded successfully';
    case 'cancelled':
      return 'Cancelled';
    case 'failed': {
      const { what, advice } = errorSentence(state.error);
      return `${what} ${isForPerson(state.error) ? advice : GIVEN_UP}`;
    }
  }
}

/** Whether only the person can do something about the error. */
function isForPerson({ recovery, details }: UploadError): boolean {
  return recovery === 'fatal' || details?.['rereadable'] === false;
}

function pace(bytesPerSecond: number | undefined, secondsLeft: number | undefined): string {
  if (bytesPerSecond === undefined) return 'Uploading…';
  const rate = `${formatBytes(Math.round(bytesPerSecond))}/s`;
  return secondsLeft === undefined ? rate : `${rate} · ${formatDuration(secondsLeft)} left`;
}

const tryingAgain = (seconds: number): string => (seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying again…');
