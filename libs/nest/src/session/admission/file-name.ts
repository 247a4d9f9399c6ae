import { MAX_FILE_NAME_LENGTH, UploadError } from '@upload-streams/protocol';

/** Matches empty names, and names that mean folders. */
const ONLY_DOTS = /^[.\s]*$/;

/** Composition joins at most this many UTF-16 code units into one. */
const MOST_UNITS_COMPOSED = 4;

/**
 * Returns the file name in Unicode's composed form (NFC). Throws FILE_NAME_INVALID for a name that no file system
 * allows. A storage back end decides under which name it stores the file.
 */
export function checkFileName(fileName: string): string {
  // The time for composition grows with the square of the length.
  if (fileName.length > MOST_UNITS_COMPOSED * MAX_FILE_NAME_LENGTH) throw invalid(TOO_LONG);
  // Half of a surrogate pair is not a character. A store would replace it, and the upload could not be resumed.
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
