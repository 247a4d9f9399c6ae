import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CountAt } from '../client/job.ts';
import type { Stoppable } from './running.ts';

/** A link between a client and a server, the same in both directions. */
export interface LinkFacts {
  readonly bytesPerSecond: number;
  readonly roundTripMs: number;
  /** Age at which each connection is cut. Connections of the warm-up count from the start of the clock. @default never */
  readonly cutAfterMs?: number;
  /** Time after the start of the clock at which the rate drops to a tenth. @default never */
  readonly slowerAfterMs?: number;
}

/** The traffic of a link. */
export interface LinkCounts {
  /** Bytes that the client sent, whether they arrived or not. */
  readonly sentBytes: number;
  readonly connections: number;
  /** Bytes that arrived at the server over time. */
  readonly delivered: readonly CountAt[];
}

/** The fault proxy as a process of its own, so that its CPU time is not counted for others. */
export class LinkProcess implements Stoppable {
  readonly url: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
  }

  static async start(target: string, facts: LinkFacts): Promise<LinkProcess> {
    const child = fork(fileURLToPath(new URL('./link.ts', import.meta.url)), [target, JSON.stringify(facts)]);
    const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`the link ended with ${code}`)));
    failed.catch(() => undefined);
    const [url] = await Promise.race([once(child, 'message'), failed]);
    return new LinkProcess(child, url as string);
  }

  /** Starts the clock of the link. */
  async startClock(): Promise<LinkCounts> {
    return this.ask('start');
  }

  async counts(): Promise<LinkCounts> {
    return this.ask('counts');
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private async ask(what: string): Promise<LinkCounts> {
    const answer = once(this.child, 'message');
    this.child.send(what);
    return (await answer)[0] as LinkCounts;
  }
}
