import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const LISTENING = /UploadStreams.* listening on (http:\/\/[\w.:-]+)/;

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly args: string;
}

/** A script of package.json, started with npm, and all processes that it starts. Linux only. */
export class NpmScript {
  private constructor(
    private readonly npm: ChildProcess,
    /** The URL of the gateway. */
    readonly url: string,
    private readonly output: readonly string[],
    private readonly ended: Promise<unknown>,
  ) {}

  /** Resolves when the gateway listens. Rejects with the output if the script ends before. */
  static async start(script: string, env: Readonly<Record<string, string>>): Promise<NpmScript> {
    const npm = spawn('npm', ['run', script], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: '', HOST: '127.0.0.1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own, of which nothing may remain.
      detached: true,
    });
    const output: string[] = [];
    // All processes of the script share these pipes, which close when the last process has ended.
    const ended = once(npm, 'close');
    const url = await new Promise<string>((resolve, reject) => {
      for (const stream of [npm.stdout, npm.stderr]) {
        createInterface(stream).on('line', (line) => {
          output.push(line);
          const found = LISTENING.exec(line)?.[1];
          if (found) resolve(found);
        });
      }
      npm.once('close', (code) => reject(new Error(`npm run ${script} ended with ${code}:\n${output.join('\n')}`)));
    });
    return new NpmScript(npm, url, output, ended);
  }

  get log(): string {
    return this.output.join('\n');
  }

  get npmPid(): number {
    return this.npm.pid!;
  }

  /** The PID of the one process of the script whose command line matches. */
  pidOf(args: RegExp): number {
    const found = this.processes().filter((process) => args.test(process.args));
    if (found.length !== 1) throw new Error(`${found.length} processes match ${args}:\n${this.log}`);
    return found[0]!.pid;
  }

  /** Resolves when npm and all processes that it started have ended. */
  async allEnded(): Promise<void> {
    await this.ended;
  }

  /** Kills what a failed test has left. */
  killAll(): void {
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
  }

  /** All processes of the group, including npm and orphans. */
  private processes(): Process[] {
    return allProcesses().filter(({ pid }) => groupOf(pid) === this.npmPid);
  }
}

function allProcesses(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = statOf(Number(name));
      return stat ? [{ pid: Number(name), parent: Number(stat[1]), args: argsOf(Number(name)) }] : [];
    });
}

const groupOf = (pid: number): number => Number(statOf(pid)?.[2]);

/** State, parent, group and so on. Undefined if the process has ended. */
function statOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}

function argsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}
