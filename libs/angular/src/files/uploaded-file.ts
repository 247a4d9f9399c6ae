/** A file on the gateway, as its HTTP API describes it. */
export interface UploadedFile {
  readonly fileId: string;
  readonly fileName: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  readonly crc32: number;
  readonly sha256?: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The address of its download. */
  readonly url: string;
}

/** A page of files, the newest first. `nextCursor` is for the next page, if there is one. */
export interface UploadedFilesPage {
  readonly files: readonly UploadedFile[];
  readonly nextCursor?: string;
}
