/** A file that the gateway has, as its HTTP API tells it. */
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
  /** Where it is downloaded. */
  readonly url: string;
}

/** A page of them, the newest first; `nextCursor` asks for the next one where there is one. */
export interface UploadedFilesPage {
  readonly files: readonly UploadedFile[];
  readonly nextCursor?: string;
}
