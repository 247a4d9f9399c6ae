import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ServerProcessOptions {
  /** The script that Node runs: the built API's `main.js`. */
  readonly entry: string;
  /** Added to this process's environment. PORT=0 lets the system choose a port. */
  readonly env: Readonly<Record<string, string>>;
  /** How long the server may take to listen, in milliseconds. @default 30_000 */
  readonly startTimeoutMs?: number;
}

/** What the API prints once it listens. */
const LISTENING = /listening on (https?:\/\/[\w.:-]+)/i;

/** The built API as a process of its own, which can be used and killed like a user's. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** Where it listens, for example `http://127.0.0.1:40123`. */
    readonly url: string,
    private readonly output: Output,
  ) {}

  /** Resolves when the server listens. Rejects with what it printed if it ends before. */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const child = spawn(process.execPath, [options.entry], {
      env: { ...process.env, NODE_OPTIONS: '', PORT: '0', HOST: '127.0.0.1', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = new Output();
    const url = await listening(child, output, options.startTimeoutMs ?? 30_000);
    return new ServerProcess(child, url, output);
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** All lines that it has printed. */
  get log(): readonly string[] {
    return this.output.lines;
  }

  /** Resolves once it has printed a line that contains a text. Rejects if it ends without one. */
  async printed(text: string): Promise<void> {
    while (!this.log.some((line) => line.includes(text))) {
      if (this.output.ended) throw new Error(`the server ended without printing "${text}"`);
      await once(this.output, 'change');
    }
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Sends a signal and waits for the process to end. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.running) return;
    const exited = once(this.child, 'exit');
    this.child.kill(signal);
    await exited;
  }
}

/** What a process has printed, with an event for each new line and for its end. */
class Output extends EventEmitter<{ change: [] }> {
  readonly lines: string[] = [];
  ended = false;

  add(line: string): void {
    this.lines.push(line);
    this.emit('change');
  }

  end(): void {
    this.ended = true;
    this.emit('change');
  }
}

function listening(child: ChildProcess, output: Output, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`the server ${why}:\n${output.lines.join('\n')}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`did not listen within ${timeoutMs} ms`);
    }, timeoutMs);
    child.once('close', (code) => {
      output.end();
      clearTimeout(timer);
      fail(`ended with code ${code}`);
    });
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface(stream).on('line', (line) => {
        output.add(line);
        const url = LISTENING.exec(line)?.[1];
        if (url === undefined) return;
        clearTimeout(timer);
        resolve(url);
      });
    }
  });
}
