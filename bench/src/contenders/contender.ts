/** One way to upload: a server and a client, each a process of its own. */
export interface Contender {
  readonly name: string;
  /** A script that prints `listening on <url>`, and stores in the folder that DATA_DIR names. */
  readonly server: string;
  readonly serverEnv?: Readonly<Record<string, string>>;
  /** A script that calls `runJob`. */
  readonly client: string;
  /** What the client needs to know beyond the job. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** A connection carries one upload at a time, so that uploads at once need as many. @default false */
  readonly connectionPerUpload?: boolean;
  /** Where the server put a file, below its folder; `id` is what the client says of it. */
  readonly stored: (id: string) => string;
}
