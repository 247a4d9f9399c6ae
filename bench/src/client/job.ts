/** A file to upload. */
export interface JobFile {
  readonly path: string;
  readonly size: number;
  readonly name: string;
}

/** The task of a client process: the first line of its input, in JSON. */
export interface ClientJob {
  readonly url: string;
  /** Uploaded before the clock starts, so that connections are open and code is compiled. */
  readonly warmUp: JobFile;
  /** How long the warm-up file is uploaded again and again. 0 means once. */
  readonly warmUpSeconds: number;
  readonly files: readonly JobFile[];
  /** Uploads in progress at the same time, over all connections. */
  readonly atOnce: number;
  /** Number of clients in this process. */
  readonly connections: number;
  /** Further settings of the contender. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Rate at which each source can be read, like a camera or a log. @default as fast as the disk */
  readonly sourceBytesPerSecond?: number;
  /** Time after which the progress of each file is recorded. @default never */
  readonly sampleAfterSeconds?: number;
  /** Whether to record the bytes handed to the sockets over time. @default false */
  readonly watchSockets?: boolean;
}

/** Bytes so far, at a time in milliseconds since 1970, on which all processes of a machine agree. */
export type CountAt = readonly [atMs: number, bytes: number];

/** What a client process prints at its end, in JSON. */
export interface ClientResult {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The server's ID of each file. */
  readonly stored: readonly string[];
  /** Acknowledged bytes of each file at `sampleAfterSeconds`, if the contender knows them. */
  readonly sample?: readonly number[];
  readonly written?: readonly CountAt[];
  /** Only from a client in a browser. */
  readonly page?: PageFacts;
}

/** Figures of a page during the upload. */
export interface PageFacts {
  /** The longest task on the page's thread, in milliseconds. 0 if none took 50 ms: browsers don't report shorter ones. */
  readonly longestTaskMs: number;
  /** The largest size of the JavaScript heap, in MiB. */
  readonly heapMib: number;
}

/** Called with the number of bytes of a file that the server has acknowledged. */
export type OnProgress = (bytes: number) => void;

/** One client of a contender. */
export interface BenchClient {
  /** Resolves with the server's ID of the file. */
  upload(file: JobFile, onProgress: OnProgress): Promise<string>;
  facts?(): Promise<PageFacts>;
  close(): void;
}
