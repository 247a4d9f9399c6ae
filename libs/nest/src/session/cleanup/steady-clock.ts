/** The clocks of the system; tests pass their own. */
export interface Clocks {
  /** The system clock, in milliseconds since 1970. An operator may set it. */
  readonly wall: () => number;
  /** Milliseconds since an arbitrary moment. It never moves back. */
  readonly monotonic: () => number;
}

const SYSTEM: Clocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * The clock for the expiry of sessions. It never runs faster than the monotonic clock, so no session expires if the
 * system clock jumps ahead. It follows a system clock that is set back.
 */
export class SteadyClock {
  private readonly wallAtStart: number;
  private readonly startedAt: number;

  constructor(private readonly clocks: Clocks = SYSTEM) {
    this.wallAtStart = clocks.wall();
    this.startedAt = clocks.monotonic();
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Math.min(this.clocks.wall(), this.wallAtStart + this.clocks.monotonic() - this.startedAt);
  }
}
