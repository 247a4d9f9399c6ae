/** A session, as it outlives the process. */
export interface SessionRecord {
  readonly sessionID: string;
  /** Whether its client can resume it. If not, it is discarded when its connection ends. */
  readonly resumable: boolean;
  readonly owner: string | null;
  /** Names the bytes in the store, and the file once it is complete. Knowing it gives no right to the session. */
  readonly fileId: string;
  /** As the client gave it, in Unicode's composed form. A client that resumes has to give the same name. */
  readonly requestedName: string;
  /** As people see it: the policy may have changed it. */
  readonly fileName: string;
  /** Bytes; undefined for a live stream. */
  readonly size: number | undefined;
  readonly type: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Raised at every takeover: whoever holds an older one has lost the session. */
  readonly epoch: number;
  /** The last one that was saved: after a restart, only the bytes behind it are read again. */
  readonly checkpoint: Checkpoint;
  /** Milliseconds since 1970 of the last begin, checkpoint or completion. */
  readonly updatedAt: number;
  /** Whether the last byte came and the file is in the catalogue. */
  readonly completed: boolean;
}

/** A durable offset and the CRC-32 of all bytes before it. */
export interface Checkpoint {
  readonly offset: number;
  readonly crc32: number;
}

/** The checkpoint of an upload of which nothing is durable. */
export const NOTHING_DURABLE: Checkpoint = { offset: 0, crc32: 0 };

/** A completed upload: an entry of the catalogue. */
export interface FileRecord {
  readonly fileId: string;
  readonly sessionID: string;
  readonly owner: string | null;
  readonly fileName: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  readonly crc32: number;
  /** Of the bytes as they were read back from the store, in hexadecimal digits; undefined where the options leave it out. */
  readonly sha256: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}
