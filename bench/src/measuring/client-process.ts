import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { ClientJob, ClientResult } from '../client/job.ts';
import type { Stoppable } from './running.ts';

const WARM_UP_TIMEOUT_MS = 120_000;

/** A contender's client as a process. It warms up, and uploads on command. */
export class ClientProcess implements Stoppable {
  private readonly child;
  private readonly lines: Interface;
  private readonly failure: Promise<never>;

  private constructor(script: string) {
    this.child = spawn(process.execPath, [script], { stdio: 'pipe' });
    this.lines = createInterface(this.child.stdout);
    this.child.stdin.on('error', () => undefined);
    this.failure = this.whenFailed();
    this.failure.catch(() => undefined);
  }

  /** Resolves when it has warmed up. */
  static async start(script: string, job: ClientJob): Promise<ClientProcess> {
    const client = new ClientProcess(script);
    try {
      client.child.stdin.write(`${JSON.stringify(job)}\n`);
      const line = await client.line(WARM_UP_TIMEOUT_MS);
      if (line === undefined) throw new Error('the client did not get through its warm-up');
      return client;
    } catch (error) {
      await client.stop();
      throw error;
    }
  }

  /** Starts the clock. Resolves with the figures, or with undefined after `timeoutMs`. */
  async run(timeoutMs: number): Promise<ClientResult | undefined> {
    this.child.stdin.write('go\n');
    const line = await this.line(timeoutMs);
    return line === undefined ? undefined : (JSON.parse(line) as ClientResult);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private async line(timeoutMs: number): Promise<string | undefined> {
    const late = AbortSignal.timeout(timeoutMs);
    const line = once(this.lines, 'line', { signal: late }).catch(() => [undefined]);
    const [found] = await Promise.race([line, this.failure]);
    return found as string | undefined;
  }

  private async whenFailed(): Promise<never> {
    const errors = text(this.child.stderr);
    const [code, signal] = await once(this.child, 'exit');
    const why = (await errors).split('\n').find((line) => /error/i.test(line)) ?? '';
    throw new Error(`the client ended with ${code ?? signal} ${why.trim()}`.trim());
  }
}
