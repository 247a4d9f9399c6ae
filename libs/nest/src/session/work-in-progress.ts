import type { UploadInProgress } from '@upload-streams/protocol';
import type { UploadConnection } from './upload-connection.js';

type Step = UploadInProgress['step'];

interface Work {
  readonly connection: UploadConnection;
  readonly sessionID: string;
  readonly step: Step;
  readonly startedAt: number;
}

/**
 * The interval of the shared timer, in milliseconds. Work that has run for at least half of it is announced, so a
 * client is first told after 1.25 to 3.75 s, and then every 2.5 s.
 */
const TELL_EVERY_MS = 2500;

/**
 * The work that clients wait for. One timer serves all of it, and runs only while there is work, so a chunk costs only
 * two changes of a set.
 */
export class WorkInProgress {
  private readonly works = new Set<Work>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly tellEveryMs = TELL_EVERY_MS) {}

  async run<T>(connection: UploadConnection, sessionID: string, step: Step, task: () => Promise<T>): Promise<T> {
    const work = { connection, sessionID, step, startedAt: performance.now() };
    this.works.add(work);
    this.timer ??= setInterval(() => this.tell(), this.tellEveryMs).unref();
    try {
      return await task();
    } finally {
      this.works.delete(work);
    }
  }

  private tell(): void {
    if (this.works.size === 0) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
    const latest = new Map<UploadConnection, Map<string, Step>>();
    const before = performance.now() - this.tellEveryMs / 2;
    for (const { connection, sessionID, step, startedAt } of this.works) {
      if (startedAt > before || !connection.connected) continue;
      const steps = latest.get(connection) ?? new Map<string, Step>();
      latest.set(connection, steps.set(sessionID, step));
    }
    for (const [connection, steps] of latest)
      for (const [sessionID, step] of steps) connection.inProgress(sessionID, step);
  }
}
