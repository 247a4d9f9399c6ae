/** The clocks of the system; tests pass their own. */
export interface Clocks {
  /** Milliseconds since 1970, as the system says. An operator may set it. */
  readonly wall: () => number;
  /** Milliseconds since an arbitrary moment. It never goes back. */
  readonly monotonic: () => number;
}

const SYSTEM: Clocks = { wall: () => Date.now(), monotonic: () => performance.now() };

/**
 * The time by which sessions expire. A system clock that jumps ahead expires nothing: this clock never runs faster than
 * the monotonic one. A system clock that is set back is followed.
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
