import { ServerProcess } from '@upload-streams/testing';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const APPS = new URL('../../../', import.meta.url);
const ENTRY = new URL('api/dist/main.js', APPS).pathname;
const WEB_DIR = new URL('web/dist/browser', APPS).pathname;

/** One file on the server's disk. */
export interface StoredFile {
  readonly name: string;
  readonly sha256: string;
}

/** The built API with the built page, over a data folder of its own. */
export class UploadServer {
  private constructor(
    private process: ServerProcess,
    private readonly dataDir: string,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<UploadServer> {
    const dataDir = await mkdtemp(join(tmpdir(), 'upload-streams-web-e2e-'));
    const env = { DATA_DIR: dataDir, WEB_DIR, ...settings };
    return new UploadServer(await ServerProcess.start({ entry: ENTRY, env }), dataDir, env);
  }

  get port(): number {
    return Number(new URL(this.process.url).port);
  }

  /** Ends the process as a crash would; connections are lost, the address stays free for `restart`. */
  async kill(): Promise<void> {
    await this.process.stop('SIGKILL');
  }

  /** Starts again at the same address, with the data that the killed one left. */
  async restart(): Promise<void> {
    const env = { ...this.env, PORT: String(this.port) };
    this.process = await ServerProcess.start({ entry: ENTRY, env });
  }

  /** Whether the server is there to be talked to. */
  get running(): boolean {
    return this.process.running;
  }

  /** Completed files, by the layout `files/<fileId>/<name>`. */
  async storedFiles(): Promise<readonly StoredFile[]> {
    const root = join(this.dataDir, 'files');
    const folders = await readdir(root).catch(() => []);
    const files = await Promise.all(folders.map((folder) => filesIn(join(root, folder))));
    return files.flat();
  }

  /** Names of files that are not complete. */
  async partials(): Promise<readonly string[]> {
    return readdir(join(this.dataDir, 'partial'));
  }

  async remove(): Promise<void> {
    await this.process.stop('SIGKILL');
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

async function filesIn(folder: string): Promise<StoredFile[]> {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map(async (name) => ({ name, sha256: await sha256OfFile(join(folder, name)) })));
}

/** Of a file of any size. */
export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
