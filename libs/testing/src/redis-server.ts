import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, isInstalled, ServiceProcess } from './service-process.js';

/** A Redis in a folder of its own that loses no acknowledged write. It can be killed and started again. */
export class RedisServer {
  /** Whether Debian's package `redis-server`, or another Redis, is installed. */
  static readonly isInstalled = isInstalled('redis-server');

  private constructor(
    private readonly folder: string,
    readonly port: number,
    private process: ServiceProcess,
    private readonly settings: readonly string[],
  ) {}

  /** `settings` are further arguments, for example `--requirepass`, `secret`. */
  static async start(...settings: readonly string[]): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), 'upload-streams-redis-'));
    const port = await freePort();
    return new RedisServer(folder, port, await run(folder, port, settings), settings);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.process.stop(signal);
  }

  /** It keeps its connections and their data, and does nothing until `thaw`. */
  freeze(): void {
    this.process.signal('SIGSTOP');
  }

  thaw(): void {
    this.process.signal('SIGCONT');
  }

  /** Starts it again with the same data. */
  async startAgain(): Promise<void> {
    this.process = await run(this.folder, this.port, this.settings);
  }

  async close(): Promise<void> {
    await this.stop('SIGKILL');
    await rm(this.folder, { recursive: true, force: true });
  }
}

function run(folder: string, port: number, settings: readonly string[]): Promise<ServiceProcess> {
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, ...durable, ...settings];
  return ServiceProcess.start('redis-server', args, port);
}
