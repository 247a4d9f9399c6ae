import { MAX_FILE_NAME_LENGTH, UploadError } from '@upload-streams/protocol';

/** A name without any content, and names that mean folders. */
const ONLY_DOTS = /^[.\s]*$/;
const SEPARATOR = /[/\\]/;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** A file name in Unicode's composed form (NFC), or FILE_NAME_INVALID: no browser's file picker gives any of those. */
export function checkedFileName(fileName: string): string {
  const name = fileName.normalize('NFC');
  const problem = problemOf(name);
  if (problem) throw new UploadError('FILE_NAME_INVALID', { problem });
  return name;
}

function problemOf(name: string): string | undefined {
  if (name.length > MAX_FILE_NAME_LENGTH) return `it has more than ${MAX_FILE_NAME_LENGTH} characters`;
  if (ONLY_DOTS.test(name)) return 'it is empty or has only dots';
  if (SEPARATOR.test(name)) return 'it has a slash or a backslash in it';
  if (CONTROL.test(name)) return 'it has a control character in it';
  return undefined;
}
