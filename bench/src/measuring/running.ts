/** Something that must not outlive the benchmark. */
export interface Stoppable {
  stop(): Promise<unknown>;
}

/** All running processes, so that none is left behind however the benchmark ends. */
export class Running {
  private readonly stops = new Set<() => Promise<unknown>>();
  private ended = false;

  /** Passes what `start` returns to `use`, and stops it afterwards. */
  async use<T extends Stoppable, R>(start: () => Promise<T>, use: (started: T) => Promise<R>): Promise<R> {
    if (this.ended) throw new Error('the benchmark is ending');
    const starting = start();
    const stop = () =>
      starting.then(
        (started) => started.stop(),
        () => undefined,
      );
    this.stops.add(stop);
    try {
      return await use(await starting);
    } finally {
      await stop();
      this.stops.delete(stop);
    }
  }

  /** Stops everything, including what is just starting, and prevents further starts. */
  async end(): Promise<void> {
    this.ended = true;
    await Promise.allSettled([...this.stops].map((stop) => stop()));
  }
}
