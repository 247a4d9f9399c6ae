import type { ResumeRecord } from '../ports/resume-store.js';

/** A file that a person chose. Where the browser has handles, the handle lets a later visit read the file again. */
export interface ResumableFile {
  readonly file: File;
  readonly handle?: FileSystemFileHandle | undefined;
}

/**
 * The record of an unfinished upload that a chosen file may belong to. Name and size must be the same. A file that was only
 * touched has another date, so the date only decides between several. Whether the bytes are the same is checked when the
 * upload goes on.
 */
export function recordOf(records: readonly ResumeRecord[], file: File): ResumeRecord | undefined {
  const candidates = records.filter(({ fileName, size }) => fileName === file.name && size === file.size);
  return candidates.find(({ lastModified }) => lastModified === file.lastModified) ?? candidates[0];
}

/** The handle in a record, if it is of this very file. Another copy of the same name and size has a date of its own. */
export function handleOf(record: ResumeRecord | undefined, file: File): FileSystemFileHandle | undefined {
  return record?.lastModified === file.lastModified ? record.handle : undefined;
}
