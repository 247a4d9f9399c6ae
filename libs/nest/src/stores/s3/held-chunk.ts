import { freeBytes } from '@upload-streams/protocol';
import type { PartMemory } from './part-memory.js';

/** A chunk in memory, which one or two parts of the file use. Its memory is given back when none needs it any more. */
export class HeldChunk {
  private users = 1;

  /** The budget for so many bytes is taken already. */
  constructor(
    /** In the memory where they are once they are hashed. */
    readonly bytes: Promise<Uint8Array>,
    private readonly length: number,
    private readonly memory: PartMemory,
  ) {
    // Who sends them learns of a failure.
    bytes.catch(() => undefined);
  }

  /** One more user, who releases it too. */
  share(): this {
    this.users++;
    return this;
  }

  release(): void {
    if (--this.users > 0) return;
    this.bytes.then(freeBytes, () => undefined).finally(() => this.memory.give(this.length));
  }
}
