import type { ResumeRecord } from '../ports/resume-store.js';

/** A file that a person chose. Where the browser has handles, the handle lets a later visit read the file again. */
export interface ResumableFile {
  readonly file: File;
  readonly handle?: FileSystemFileHandle | undefined;
  /** Name under which it is uploaded. @default the name of the file */
  readonly fileName?: string | undefined;
  /** Texts that the server keeps with the upload. @default none */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
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

/**
 * The name and the metadata for an upload that goes on. The session has the name that it was begun with, and the server takes
 * no other for it.
 */
export function detailsOf(
  record: ResumeRecord | undefined,
  given: Pick<ResumableFile, 'fileName' | 'metadata'>,
): Pick<ResumableFile, 'fileName' | 'metadata'> {
  if (!record) return { fileName: given.fileName, metadata: given.metadata };
  return { fileName: record.uploadName ?? record.fileName, metadata: given.metadata ?? record.metadata };
}
