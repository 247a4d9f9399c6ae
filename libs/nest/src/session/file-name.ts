import { MAX_FILE_NAME_LENGTH, UploadError } from '@upload-streams/protocol';

/** A name without any content, and names that mean folders. */
const ONLY_DOTS = /^[.\s]*$/;

/** Composition makes one UTF-16 unit of this many at the most. */
const MOST_UNITS_COMPOSED = 4;

/**
 * A file name in Unicode's composed form (NFC), or FILE_NAME_INVALID. Whatever else file systems allow in names is taken:
 * the disk makes a name that it can hold from it.
 */
export function checkedFileName(fileName: string): string {
  // The time that composition takes grows with the square of the length.
  if (fileName.length > MOST_UNITS_COMPOSED * MAX_FILE_NAME_LENGTH) throw invalid(TOO_LONG);
  // Half of a surrogate pair is no character: stores would replace it, and the upload could not be resumed.
  const name = fileName.toWellFormed().normalize('NFC');
  const problem = problemOf(name);
  if (problem) throw invalid(problem);
  return name;
}

const TOO_LONG = `it has more than ${MAX_FILE_NAME_LENGTH} characters`;

const invalid = (problem: string): UploadError => new UploadError('FILE_NAME_INVALID', { problem });

function problemOf(name: string): string | undefined {
  if (name.length > MAX_FILE_NAME_LENGTH) return TOO_LONG;
  if (ONLY_DOTS.test(name)) return 'it is empty or has only dots';
  if (name.includes('/')) return 'it has a slash in it';
  if (name.includes('\0')) return 'it has a NUL character in it';
  return undefined;
}
