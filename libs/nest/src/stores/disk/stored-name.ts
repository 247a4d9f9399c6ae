import sanitize from 'sanitize-filename';

/** What file systems allow: 255 bytes. Some of it is left for what backup tools append. */
const MAX_STORED_BYTES = 240;

/** An extension longer than this is no extension. */
const EXTENSION = /\.[^.\s]{1,20}$/u;

/**
 * The name under which the disk stores a file: the client's name as every common file system can hold it. A client's name
 * is data, never a path: separators, control characters and names that Windows reserves are replaced, and a long name is
 * cut before its extension.
 *
 * The result is not saved anywhere: it is computed anew whenever a file is read. So the same name must always give the
 * same result, in every version of this program; otherwise files that are there are not found any more. That includes
 * updates of `sanitize-filename`, whose version is pinned. A stored name is its own stored name: a catalogue that is
 * rebuilt without records takes the names that it finds on the disk.
 */
export function storedNameOf(fileName: string): string {
  return sanitize(shortened(fileName), { replacement: '_' }) || '_';
}

function shortened(fileName: string): string {
  if (Buffer.byteLength(fileName) <= MAX_STORED_BYTES) return fileName;
  const extension = EXTENSION.exec(fileName)?.[0] ?? '';
  const stem = fileName.slice(0, fileName.length - extension.length);
  return cutTo(stem, MAX_STORED_BYTES - Buffer.byteLength(extension)) + extension;
}

/** The longest beginning of at most `maxBytes` in UTF-8 that splits no character. */
function cutTo(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}
