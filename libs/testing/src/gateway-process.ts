import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from './server-process.js';
import { sha256OfFile } from './sha256.js';

export interface GatewayProcessOptions {
  /** The script that Node runs: the built API's `main.js`. */
  readonly entry: string;
  /** Added to this process's environment. DATA_DIR is a new temporary folder unless it is set here. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The built API with a data folder of its own. It can be stopped and started again on the same port and data. */
export class GatewayProcess {
  private constructor(
    readonly dataDir: string,
    private readonly entry: string,
    private readonly env: Readonly<Record<string, string>>,
    private process: ServerProcess,
  ) {}

  /** Resolves when the gateway listens. Rejects with what it printed if it ends before. */
  static async start({ entry, env = {} }: GatewayProcessOptions): Promise<GatewayProcess> {
    const dataDir = env['DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'upload-streams-gateway-')));
    const settings = { ...env, DATA_DIR: dataDir };
    try {
      return new GatewayProcess(dataDir, entry, settings, await ServerProcess.start({ entry, env: settings }));
    } catch (error) {
      if (env['DATA_DIR'] === undefined) await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  /** For example `http://127.0.0.1:40123`. */
  get url(): string {
    return this.process.url;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get pid(): number {
    return this.process.pid;
  }

  get running(): boolean {
    return this.process.running;
  }

  /** All lines that the current process has printed. */
  get log(): string {
    return this.process.log.join('\n');
  }

  /** Resolves once the log has a line that contains a text. A line may come later than what it reports. */
  logged(text: string): Promise<void> {
    return this.process.printed(text);
  }

  /** Sends a signal and waits for the process to end. `startAgain` starts the next one. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.process.stop(signal);
  }

  /** Starts another process on the same port and data. */
  async startAgain(): Promise<void> {
    const env = { ...this.env, PORT: String(this.port) };
    this.process = await ServerProcess.start({ entry: this.entry, env });
  }

  /** Stops the process and starts another one on the same port and data. */
  async restart(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.stop(signal);
    await this.startAgain();
  }

  /** Stops the process and removes its data. */
  async close(): Promise<void> {
    await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** The completed files: SHA-256 by path below `DATA_DIR/files`. */
  async storedFiles(): Promise<Record<string, string>> {
    const folder = join(this.dataDir, 'files');
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    const hashes = await Promise.all(
      paths.map(async (path) => [path.slice(folder.length + 1), await sha256OfFile(path)]),
    );
    return Object.fromEntries(hashes) as Record<string, string>;
  }

  /** The names of the files in `DATA_DIR/partial`: the bytes of unfinished uploads. */
  async partialFiles(): Promise<string[]> {
    return readdir(join(this.dataDir, 'partial'));
  }
}
