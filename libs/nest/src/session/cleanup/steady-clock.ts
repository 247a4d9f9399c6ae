/** What a clock is made of; tests pass their own. */
export interface Clocks {
  /** Milliseconds since 1970, as the system says: somebody may set it. */
  readonly wall: () => number;
  /** Milliseconds since some moment: it only goes on. */
  readonly monotonic: () => number;
}

const SYSTEM: Clocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * The time by which something counts as old. A system clock that jumps ahead makes nothing old: no more time passes here
 * than has really passed since the start. One that is set back counts as it is.
 */
export class SteadyClock {
  private readonly wallAtStart: number;
  private readonly startedAt: number;

  constructor(private readonly clocks: Clocks = SYSTEM) {
    this.wallAtStart = clocks.wall();
    this.startedAt = clocks.monotonic();
  }

  /** Milliseconds since 1970, at most what has really passed. */
  now(): number {
    return Math.min(this.clocks.wall(), this.wallAtStart + this.clocks.monotonic() - this.startedAt);
  }
}
