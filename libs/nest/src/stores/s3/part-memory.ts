/** Who has bytes in memory that wait for more before they go to the store. */
export interface WaitingBytes {
  /** How many it could bring to safety now. */
  readonly waitingBytes: number;
  /** Brings them to the store as they are, and gives their memory back. */
  spill(): Promise<void>;
}

interface Asking {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * A budget of bytes that all uploads share. Who wants more waits until others gave some back: so a slow store slows the
 * clients, and memory stays as it is. Parts on their way give back by themselves; where uploads that are not full hold most
 * of the budget, the largest of them are spilled.
 */
export class PartMemory {
  private used = 0;
  private readonly asking: Asking[] = [];
  private readonly holders = new Set<WaitingBytes>();
  private readonly spilling = new Set<WaitingBytes>();

  constructor(private readonly budgetBytes: number) {}

  get usedBytes(): number {
    return this.used;
  }

  join(holder: WaitingBytes): void {
    this.holders.add(holder);
  }

  leave(holder: WaitingBytes): void {
    this.holders.delete(holder);
  }

  /** Resolves when so many bytes may be held. */
  take(bytes: number): Promise<void> {
    return new Promise((grant) => {
      this.asking.push({ bytes, grant });
      this.serve();
    });
  }

  give(bytes: number): void {
    this.used -= bytes;
    this.serve();
  }

  /** A holder has more, or less, that it could bring to safety. */
  changed(): void {
    this.serve();
  }

  private serve(): void {
    for (let next = this.asking[0]; next; next = this.asking[0]) {
      if (this.used > 0 && this.used + next.bytes > this.budgetBytes) return this.relieve();
      this.asking.shift();
      this.used += next.bytes;
      next.grant();
    }
  }

  private relieve(): void {
    const waiting = [...this.holders].filter((holder) => holder.waitingBytes > 0 && !this.spilling.has(holder));
    const spilling = [...this.spilling].reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
    const held = waiting.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0);
    const movesByItself = this.used - held - spilling;
    if (movesByItself + spilling >= this.budgetBytes / 2) return;
    const largest = waiting.sort((a, b) => b.waitingBytes - a.waitingBytes)[0];
    if (!largest) return;
    this.spilling.add(largest);
    void largest
      .spill()
      // It notices by itself that the store failed.
      .catch(() => undefined)
      .finally(() => {
        this.spilling.delete(largest);
        this.serve();
      });
  }
}
