import type { UploadState } from '@upload-streams/client';
import { errorSentence } from '../error-sentences';
import { shownName } from '../format/shown-name';

interface EndedUpload {
  readonly file: { readonly name: string };
  readonly state: UploadState;
}

/** Tells screen readers about uploads that have just ended: one by name, several by number, failures with their reason. */
export function announcement(ended: readonly EndedUpload[]): string {
  const completed = ended.filter(({ state }) => state.status === 'completed');
  const cancelled = ended.filter(({ state }) => state.status === 'cancelled');
  return [
    counted(completed, 'uploaded successfully'),
    counted(cancelled, 'cancelled'),
    ...ended.map(({ file, state }) =>
      state.status === 'failed' ? `${shownName(file.name)} failed: ${errorSentence(state.error).what}` : '',
    ),
  ]
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function counted([first, ...others]: readonly EndedUpload[], what: string): string {
  if (!first) return '';
  return others.length === 0 ? `${shownName(first.file.name)} ${what}.` : `${others.length + 1} files ${what}.`;
}
