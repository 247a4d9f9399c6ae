/** A file that a person chose, and, in browsers that have it, the way to read it again on a later visit. */
export interface ChosenFile {
  readonly file: File;
  readonly handle?: FileSystemFileHandle | undefined;
}

/** What came of a drop or of a picker. */
export interface ChosenFiles {
  readonly files: readonly ChosenFile[];
  /** How many files or folders could not be read. */
  readonly unreadable: number;
}
