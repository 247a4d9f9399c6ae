/** A file that a person chose. Where the browser has handles, the handle lets a later visit read the file again. */
export interface ChosenFile {
  readonly file: File;
  readonly handle?: FileSystemFileHandle | undefined;
}

/** The result of a drop or of a picker. */
export interface ChosenFiles {
  readonly files: readonly ChosenFile[];
  /** How many files or folders could not be read. */
  readonly unreadable: number;
}
