import type { FreeMemory } from '../../../performance/free-memory.js';
import type { PartMemory } from './part-memory.js';

/** A chunk in memory, of which one or two parts of a file have bytes. Its memory is given back when neither needs it. */
export class SharedChunk {
  private users = 1;

  /** The budget for `length` bytes is taken already. */
  constructor(
    /** The same bytes, in the memory in which they are after hashing. */
    readonly bytes: Promise<Uint8Array>,
    private readonly length: number,
    private readonly memory: PartMemory,
    private readonly free: FreeMemory,
  ) {
    // Whoever sends them is told of a failure.
    bytes.catch(() => undefined);
  }

  /** For one more user, which releases it too. */
  share(): this {
    this.users++;
    return this;
  }

  release(): void {
    if (--this.users > 0) return;
    this.bytes.then(this.free, () => undefined).finally(() => this.memory.give(this.length));
  }
}
