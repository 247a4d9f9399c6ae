/** A part that is not full holds bytes in memory until it is, or until they are spilled. */
export interface Spillable {
  /** Bytes that it could spill now. */
  readonly spillableBytes: number;
  /** Saves them in the store as they are, and gives their memory back. */
  spill(): Promise<void>;
}

interface Request {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * A budget of bytes that all uploads share: a semaphore with weights, first come, first served, which also lets one request
 * through that is larger than the whole budget. So a slow store slows the clients down, and memory does not grow. Parts
 * that are being sent give their memory back by themselves; where parts that are not full hold most of the budget, the
 * largest of them are spilled. That decision is why this is no semaphore of a library.
 */
export class PartMemory {
  private used = 0;
  private readonly requests: Request[] = [];
  private readonly holders = new Set<Spillable>();
  private readonly spilling = new Set<Spillable>();

  constructor(private readonly budgetBytes: number) {}

  get usedBytes(): number {
    return this.used;
  }

  join(holder: Spillable): void {
    this.holders.add(holder);
  }

  leave(holder: Spillable): void {
    this.holders.delete(holder);
  }

  /** Resolves when this many bytes may be in memory. */
  take(bytes: number): Promise<void> {
    return new Promise((grant) => {
      this.requests.push({ bytes, grant });
      this.serve();
    });
  }

  give(bytes: number): void {
    this.used -= bytes;
    this.serve();
  }

  /** A holder has more, or less, to spill than before. */
  changed(): void {
    this.serve();
  }

  private serve(): void {
    for (let next = this.requests[0]; next; next = this.requests[0]) {
      if (this.used > 0 && this.used + next.bytes > this.budgetBytes) return this.relieve();
      this.requests.shift();
      this.used += next.bytes;
      next.grant();
    }
  }

  private relieve(): void {
    const waiting = [...this.holders].filter((holder) => holder.spillableBytes > 0 && !this.spilling.has(holder));
    const spilling = [...this.spilling].reduce((sum, { spillableBytes }) => sum + spillableBytes, 0);
    const held = waiting.reduce((sum, { spillableBytes }) => sum + spillableBytes, 0);
    const movesByItself = this.used - held - spilling;
    if (movesByItself + spilling >= this.budgetBytes / 2) return;
    const largest = waiting.sort((a, b) => b.spillableBytes - a.spillableBytes)[0];
    if (!largest) return;
    this.spilling.add(largest);
    void largest
      .spill()
      // The upload itself fails where the store does.
      .catch(() => undefined)
      .finally(() => {
        this.spilling.delete(largest);
        this.serve();
      });
  }
}
