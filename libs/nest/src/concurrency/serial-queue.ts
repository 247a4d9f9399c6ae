/** Runs one piece of work after the other, in the order in which they came. */
export class SerialQueue {
  private tail: Promise<unknown> = Promise.resolve();

  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.tail.then(work);
    this.tail = result.catch(() => undefined);
    return result;
  }

  /** Resolves when all that came before has ended, however it ended. */
  async settled(): Promise<void> {
    await this.tail;
  }
}

/** A queue for each key, kept as long as there is work for it. */
export class KeyedQueues {
  private readonly queues = new Map<string, { queue: SerialQueue; users: number }>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const entry = this.queues.get(key) ?? { queue: new SerialQueue(), users: 0 };
    this.queues.set(key, entry);
    entry.users++;
    try {
      return await entry.queue.run(work);
    } finally {
      if (--entry.users === 0) this.queues.delete(key);
    }
  }

  /** Whether there is work for a key. */
  has(key: string): boolean {
    return this.queues.has(key);
  }

  /** Resolves when all that came before has ended. */
  async settled(): Promise<void> {
    await Promise.all([...this.queues.values()].map(({ queue }) => queue.settled()));
  }
}
