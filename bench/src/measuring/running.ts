/** Something that must not outlive the bench. */
export interface Stoppable {
  stop(): Promise<unknown>;
}

/** The processes that run now, so that none is left behind, however the bench ends. */
export class Running {
  private readonly stops = new Set<() => Promise<unknown>>();
  private ended = false;

  /** Uses what `start` gives, and stops it after that. */
  async use<T extends Stoppable, R>(start: () => Promise<T>, use: (started: T) => Promise<R>): Promise<R> {
    if (this.ended) throw new Error('the bench is ending');
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

  /** Stops all, what is just being started too, and starts nothing any more. */
  async end(): Promise<void> {
    this.ended = true;
    await Promise.allSettled([...this.stops].map((stop) => stop()));
  }
}
