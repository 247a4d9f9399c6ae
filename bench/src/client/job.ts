/** A file to upload. */
export interface JobFile {
  readonly path: string;
  readonly size: number;
  readonly name: string;
}

/** What a client's process is told: the first line of its input, in JSON. */
export interface ClientJob {
  readonly url: string;
  /** Uploaded before the clock runs, so that connections are there and code is warm ... */
  readonly warmUp: JobFile;
  /** ... for so long; 0 is once. */
  readonly warmUpSeconds: number;
  readonly files: readonly JobFile[];
  /** Files under way at once, over all connections. */
  readonly atOnce: number;
  /** Clients of their own in this process. */
  readonly connections: number;
  /** What the contender's client needs to know beyond this. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Each source gives so many bytes a second, as a camera or a log would. @default as fast as the disk */
  readonly sourceBytesPerSecond?: number;
  /** How far each file has come is noted after this long. @default never */
  readonly sampleAfterSeconds?: number;
  /** What is handed to the sockets is noted all the time. @default false */
  readonly watchSockets?: boolean;
}

/** Bytes so far, at a time in milliseconds since 1970: every process of one machine agrees on it. */
export type CountAt = readonly [atMs: number, bytes: number];

/** What it prints at its end, in JSON. */
export interface ClientResult {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** What the server calls each file. */
  readonly stored: readonly string[];
  /** Acknowledged bytes of each file at `sampleAfterSeconds`; of contenders that know it. */
  readonly sample?: readonly number[];
  readonly written?: readonly CountAt[];
  /** Of a client in a browser. */
  readonly page?: PageFacts;
}

/** How a page was while it uploaded. */
export interface PageFacts {
  /** The longest task on the page's thread, in milliseconds; 0 where none took 50 ms, below which browsers don't tell. */
  readonly longestTaskMs: number;
  /** The most that JavaScript's heap had, in MiB. */
  readonly heapMib: number;
}

/** Tells how many bytes of a file the server has acknowledged. */
export type OnProgress = (bytes: number) => void;

/** One client of a contender. */
export interface BenchClient {
  /** Gives what the server calls the file. */
  upload(file: JobFile, onProgress: OnProgress): Promise<string>;
  facts?(): Promise<PageFacts>;
  close(): void;
}
