import type { ResumeRecord } from '@upload-streams/client';
import type { HandleReading } from '../file-access';
import { shownName } from '../format/shown-name';

/** Why a remembered file can't be read, and what to do about it. */
export const UNREADABLE_SENTENCES: Readonly<Record<Exclude<HandleReading, File>, string>> = {
  denied: 'The browser was not given permission to read the file. Go on and allow it, or choose the file again.',
  missing: 'The file is no longer where it was. Choose it again, or forget this upload.',
};

const bytes = new Intl.NumberFormat('en', { style: 'unit', unit: 'byte', unitDisplay: 'long' });

/** Why a chosen file is not the one that is unfinished; empty if it may be. */
export function wrongFile({ fileName, size }: ResumeRecord, file: File): string {
  if (file.name !== fileName) return `This is “${shownName(file.name)}”. To go on, choose “${shownName(fileName)}”.`;
  if (file.size === size) return '';
  return (
    `This “${shownName(fileName)}” has ${bytes.format(file.size)}, and the unfinished one has ${bytes.format(size)}. ` +
    'Choose that one, or forget this upload and upload the file anew.'
  );
}
