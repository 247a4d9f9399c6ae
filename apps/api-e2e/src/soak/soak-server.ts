import { ServerProcess } from '@upload-streams/testing';
import { randomInt } from 'node:crypto';
import { ENTRY } from '../support/entry.ts';

/** The built API, killed and started again on one port and one data folder. */
export class SoakServer {
  /**
   * Below the ports that systems give to outgoing connections: while the server is down, one of the clients' could get
   * its port, or connect to itself.
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

  /** Ends it for good, in whatever state it is. */
  async end(): Promise<void> {
    await this.starting;
    await this.stop('SIGKILL');
  }

  /** Whether a server that was not told to end is gone. */
  get crashed(): boolean {
    return this.process !== undefined && !this.process.running;
  }

  get log(): readonly string[] {
    return this.process?.log ?? [];
  }
}
