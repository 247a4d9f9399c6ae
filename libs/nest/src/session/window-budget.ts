import { MIN_CHUNK_BYTES } from '@upload-streams/protocol';

/**
 * What an upload is granted at first; more, as it shows that it uses it. 4 MiB fill a link of 100 Mbit/s with a round trip
 * of 300 ms, but only a sixteenth of an upload's share is given for nothing: what idle uploads hold, no other one has.
 */
const FIRST_WINDOW_BYTES = { least: 1024 * 1024, most: 4 * 1024 * 1024, shareDivisor: 16 };

/** Over so long it is looked how fast an upload is, in milliseconds. */
const SPAN_MS = 1000;

/**
 * Shares a budget of bytes in flight among the uploads that are under way, so that memory does not grow with them: all
 * that is granted and not yet written is within the budget, but for one small chunk for each upload, so that all move, and
 * for what a new upload sent before it knew its window.
 */
export class WindowBudget {
  private granted = 0;
  private uploads = 0;

  constructor(
    private readonly budgetBytes: number,
    private readonly maxWindowBytes: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  join(): WindowGrant {
    this.uploads++;
    return new WindowGrant(this, this.now);
  }

  /** @internal In place of what an upload had: at least `unused`, which can't be taken back, and at most `wanted`. */
  regrant(had: number, unused: number, wanted: number): number {
    const others = this.granted - had;
    const share = Math.floor(this.budgetBytes / this.uploads);
    const fair = Math.min(Math.max(wanted, firstWindow(share)), this.maxWindowBytes, share, this.budgetBytes - others);
    const window = Math.max(unused, MIN_CHUNK_BYTES, fair);
    this.granted = others + window;
    return window;
  }

  /** @internal */
  leave(had: number): void {
    this.granted -= had;
    this.uploads--;
  }
}

function firstWindow(share: number): number {
  const { least, most, shareDivisor } = FIRST_WINDOW_BYTES;
  return Math.max(least, Math.min(Math.floor(share / shareDivisor), most));
}

/** What one upload may have in flight. */
export class WindowGrant {
  private window = 0;
  private spanStartedAt: number;
  private spanBytes = 0;
  private lastSpanBytes = 0;

  constructor(
    private readonly budget: WindowBudget,
    private readonly now: () => number,
  ) {
    this.spanStartedAt = now();
  }

  /**
   * The window after `written` bytes more, in bytes: about two seconds of what the upload is worth, so that a slow one
   * does not hold what a fast one could use.
   */
  renew(written: number): number {
    this.count(written);
    const wanted = 2 * Math.max(this.spanBytes, this.lastSpanBytes);
    this.window = this.budget.regrant(this.window, Math.max(0, this.window - written), wanted);
    return this.window;
  }

  leave(): void {
    this.budget.leave(this.window);
    this.window = 0;
  }

  private count(written: number): void {
    const elapsedMs = this.now() - this.spanStartedAt;
    if (elapsedMs >= SPAN_MS) {
      this.lastSpanBytes = elapsedMs < 2 * SPAN_MS ? this.spanBytes : 0;
      this.spanBytes = 0;
      this.spanStartedAt = this.now();
    }
    this.spanBytes += written;
  }
}
