/** The Web Locks of one browser, shared by its tabs. */
export class FakeLocks {
  private readonly held = new Map<string, () => void>();
  private readonly waiting = new Map<string, (() => void)[]>();

  /** As a `LockManager`, of which it has the two ways in which sessions are locked. */
  get manager(): LockManager {
    return this as unknown as LockManager;
  }

  async request(name: string, options: LockOptions, work: () => Promise<void> | void): Promise<void> {
    if (options.mode === 'shared') {
      if (this.held.has(name)) {
        await new Promise<void>((resolve) => this.waiting.set(name, [...(this.waiting.get(name) ?? []), resolve]));
      }
      return work();
    }
    const stolen = new Promise<never>((_, reject) => {
      this.held.get(name)?.();
      this.held.set(name, () => reject(new DOMException('stolen', 'AbortError')));
    });
    await Promise.race([stolen, work()]);
    this.held.delete(name);
    for (const resolve of this.waiting.get(name) ?? []) resolve();
    this.waiting.delete(name);
  }

  async query(): Promise<LockManagerSnapshot> {
    return { held: Array.from(this.held.keys(), (name) => ({ name })) };
  }
}
