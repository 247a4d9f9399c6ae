/** One way to upload: a server and a client, each a process of its own. */
export interface Contender {
  readonly name: string;
  /** A script that prints `listening on <url>`, and stores files in DATA_DIR. */
  readonly server: string;
  readonly serverEnv?: Readonly<Record<string, string>>;
  /** A script that calls `runJob`. */
  readonly client: string;
  /** Settings for the client in addition to the job. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Whether a connection carries only one upload at a time. @default false */
  readonly connectionPerUpload?: boolean;
  /** Path of a stored file below DATA_DIR. `id` is the server's ID, as the client reports it. */
  readonly stored: (id: string) => string;
}
