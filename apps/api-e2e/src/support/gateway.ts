import { ServerProcess } from '@upload-streams/testing';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ENTRY } from './entry.ts';

/** The built API on a data folder of its own. It may be killed and started again. */
export class Gateway {
  readonly dataDir: string;
  private readonly env: Readonly<Record<string, string>>;
  private process: ServerProcess;

  private constructor(dataDir: string, env: Readonly<Record<string, string>>, process: ServerProcess) {
    this.dataDir = dataDir;
    this.env = env;
    this.process = process;
  }

  static async start(env: Readonly<Record<string, string>> = {}): Promise<Gateway> {
    const dataDir = env['DATA_DIR'] ?? (await mkdtemp(join(tmpdir(), 'upload-streams-e2e-')));
    const settings = { DATA_DIR: dataDir, ...env };
    return new Gateway(dataDir, settings, await ServerProcess.start({ entry: ENTRY, env: settings }));
  }

  get url(): string {
    return this.process.url;
  }

  get pid(): number {
    return this.process.pid;
  }

  get log(): string {
    return this.process.log.join('\n');
  }

  /** Resolves once the log has a line that contains a text: it may come later than what it tells of. */
  logged(text: string): Promise<void> {
    return this.process.printed(text);
  }

  /** Ends the process as a crash would, and starts another one on the same port and data. */
  async crashAndRestart(): Promise<void> {
    await this.process.stop('SIGKILL');
    await this.startAgain();
  }

  /** Ends the process as a power cut would (see power-cut.mjs, which must be preloaded), and starts another one. */
  async powerCutAndRestart(): Promise<void> {
    await this.process.stop('SIGUSR2');
    await this.startAgain();
  }

  /** Ends the process in good order, and starts another one on the same port and data. */
  async restart(): Promise<void> {
    await this.process.stop('SIGTERM');
    await this.startAgain();
  }

  /** Ends the process in good order; `start` begins another one. */
  async stop(): Promise<void> {
    await this.process.stop('SIGTERM');
  }

  /** Starts another process on the same port and data. */
  start(): Promise<void> {
    return this.startAgain();
  }

  async close(): Promise<void> {
    await this.process.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  /** What is in `DATA_DIR/files`: path below it -> SHA-256. */
  async storedFiles(): Promise<Record<string, string>> {
    return hashesOf(join(this.dataDir, 'files'));
  }

  /** Names of unfinished uploads' bytes. */
  async partialFiles(): Promise<string[]> {
    return readdir(join(this.dataDir, 'partial'));
  }

  private async startAgain(): Promise<void> {
    const PORT = new URL(this.url).port;
    this.process = await ServerProcess.start({ entry: ENTRY, env: { ...this.env, PORT } });
  }
}

async function hashesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const hashes = await Promise.all(
    files.map(async (path) => [path.slice(folder.length + 1), sha256(await readFile(path))]),
  );
  return Object.fromEntries(hashes) as Record<string, string>;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
