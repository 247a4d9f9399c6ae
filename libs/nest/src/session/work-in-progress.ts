import type { UploadInProgress } from '@upload-streams/protocol';
import type { UploadConnection } from './upload-connection.js';

type Step = UploadInProgress['step'];

interface Work {
  readonly peer: UploadConnection;
  readonly sessionID: string;
  readonly step: Step;
  readonly startedAt: number;
}

/** Who waits for longer than this is told that the work goes on, and again after as long: 2.5 s. */
const TELL_EVERY_MS = 2500;

/**
 * The work that clients wait for. One timer for all of it, which runs only while there is any: a chunk costs two changes
 * of a set.
 */
export class WorkInProgress {
  private readonly works = new Set<Work>();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly tellEveryMs = TELL_EVERY_MS) {}

  async run<T>(peer: UploadConnection, sessionID: string, step: Step, task: () => Promise<T>): Promise<T> {
    const work = { peer, sessionID, step, startedAt: performance.now() };
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
    for (const { peer, sessionID, step, startedAt } of this.works) {
      if (startedAt > before || !peer.connected) continue;
      const steps = latest.get(peer) ?? new Map<string, Step>();
      latest.set(peer, steps.set(sessionID, step));
    }
    for (const [peer, steps] of latest) for (const [sessionID, step] of steps) peer.inProgress(sessionID, step);
  }
}
