import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Where Debian installs servers. Not every PATH has it. */
const SYSTEM_PATH = '/usr/sbin';

/** Whether a program is installed. */
export function isInstalled(program: string): boolean {
  return [...(process.env['PATH'] ?? '').split(delimiter), SYSTEM_PATH].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** The folder and the environment of a process. By default those of this process. */
export interface ServiceProcessOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** A third-party server as a process of its own. It listens on a port and ends on a signal. */
export class ServiceProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly output: readonly string[],
  ) {}

  /** Resolves when it listens. Rejects with what it printed if it ends before, or does not listen within 20 s. */
  static async start(
    program: string,
    args: readonly string[],
    port: number,
    { cwd, env = process.env }: ServiceProcessOptions = {},
  ): Promise<ServiceProcess> {
    const output: string[] = [];
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Servers with workers send signals to their process group, which must not be ours.
      detached: true,
      cwd,
      env: { ...env, PATH: `${env['PATH']}${delimiter}${SYSTEM_PATH}` },
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => output.push(String(text)));
    const failed = new Promise<never>((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${output.join('')}`)));
    });
    failed.catch(() => undefined);
    const service = new ServiceProcess(child, output);
    const ended = new AbortController();
    for (const event of ['error', 'exit']) child.once(event, () => ended.abort());
    await Promise.race([listening(program, port, output, ended.signal), failed]).catch(async (error: unknown) => {
      await service.stop('SIGKILL');
      throw error;
    });
    return service;
  }

  /** Everything that it has printed. */
  get log(): string {
    return this.output.join('');
  }

  /** Sends a signal that it survives, for example `SIGSTOP` and `SIGCONT`. */
  signal(signal: NodeJS.Signals): void {
    process.kill(-this.child.pid!, signal);
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.pid === undefined || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    process.kill(-this.child.pid, signal);
    await exited;
  }
}

/** No event tells when another process listens, so this connects until it succeeds. */
async function listening(program: string, port: number, output: readonly string[], ended: AbortSignal): Promise<void> {
  const giveUpAt = Date.now() + 20_000;
  while (!ended.aborted && !(await answers(port))) {
    if (Date.now() > giveUpAt) throw new Error(`${program} did not listen on ${port}:\n${output.join('')}`);
    await delay(50);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
