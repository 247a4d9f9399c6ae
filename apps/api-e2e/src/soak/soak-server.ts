import { ServerProcess } from '@upload-streams/testing';
import { randomInt } from 'node:crypto';
import { ENTRY } from '../support/entry.ts';

/** The built API, which is killed and started again on the same port and data folder. */
export class SoakServer {
  /**
   * Below the range for outgoing connections: otherwise a client could get this port while the server is down, or connect
   * to itself.
   */
  readonly port = randomInt(20_000, 30_000);
  readonly dataDir: string;
  private process: ServerProcess | undefined;
  private starting: Promise<unknown> = Promise.resolve();

  constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  async start(): Promise<void> {
    const env = { PORT: String(this.port), DATA_DIR: this.dataDir };
    const started = ServerProcess.start({ entry: ENTRY, env });
    this.starting = started.catch(() => undefined);
    this.process = await started;
  }

  async restart(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.stop(signal);
    await this.start();
  }

  async stop(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    await this.process?.stop(signal);
  }

  /** Ends the server for good, in any state. */
  async end(): Promise<void> {
    await this.starting;
    await this.stop('SIGKILL');
  }

  /** Whether the server has ended by itself. */
  get crashed(): boolean {
    return this.process !== undefined && !this.process.running;
  }

  get log(): readonly string[] {
    return this.process?.log ?? [];
  }
}
