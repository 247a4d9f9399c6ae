import type { UploadOptions } from '@upload-streams/client';

/** A file that a person chose. Where the browser has handles, the handle lets a later visit read the file again. */
export interface ChosenFile {
  readonly file: File;
  readonly handle?: FileSystemFileHandle | undefined;
}

/** What an upload may have besides its file: `fileName` and `metadata`. */
export type UploadDetails = Pick<UploadOptions, 'fileName' | 'metadata'>;

/** A file with what its upload has besides it. */
export interface FileToUpload extends ChosenFile, UploadDetails {}

/** The result of a drop or of a picker. */
export interface ChosenFiles {
  readonly files: readonly ChosenFile[];
  /** How many files or folders could not be read. */
  readonly unreadable: number;
}
