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

/** A script of package.json, started as people start it, and all that it starts itself. Linux only. */
export class NpmScript {
  private constructor(
    private readonly npm: ChildProcess,
    /** Where the gateway listens. */
    readonly url: string,
    private readonly output: readonly string[],
    private readonly ended: Promise<unknown>,
  ) {}

  /** Resolves when the gateway listens; rejects with what was printed where the script ends before. */
  static async start(script: string, env: Readonly<Record<string, string>>): Promise<NpmScript> {
    const npm = spawn('npm', ['run', script], {
      cwd: ROOT,
      env: { ...process.env, NODE_OPTIONS: '', HOST: '127.0.0.1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, of which nothing may be left.
      detached: true,
    });
    const output: string[] = [];
    // All that the script starts writes to the same pipes: they are closed when the last of these processes has ended.
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

  /** The one process below npm whose command line matches. */
  pidOf(args: RegExp): number {
    const found = this.processes().filter((process) => args.test(process.args));
    if (found.length !== 1) throw new Error(`${found.length} processes match ${args}:\n${this.log}`);
    return found[0]!.pid;
  }

  /** Resolves when npm and all that it started have ended. */
  async allEnded(): Promise<void> {
    await this.ended;
  }

  /** Ends what a failed test left. */
  killAll(): void {
    for (const { pid } of this.processes()) process.kill(pid, 'SIGKILL');
  }

  /** All of the group, npm and those that lost their parents too. */
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

/** State, parent, group and so on; undefined for a process that has ended. */
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
