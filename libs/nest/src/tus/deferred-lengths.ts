import { Injectable } from '@nestjs/common';

/** So many lengths are known at once; the oldest is forgotten first, and its client tells it again. */
const MOST = 100_000;

/**
 * The lengths that clients told after they had created their uploads. A session keeps the size it was created with, so
 * they are known to this process only. After a restart, `HEAD` answers that the length is deferred.
 */
@Injectable()
export class DeferredLengths {
  private readonly lengths = new Map<string, number>();

  get(sessionID: string): number | undefined {
    return this.lengths.get(sessionID);
  }

  set(sessionID: string, length: number): void {
    this.lengths.set(sessionID, length);
    if (this.lengths.size > MOST) this.lengths.delete(this.lengths.keys().next().value!);
  }

  forget(sessionID: string): void {
    this.lengths.delete(sessionID);
  }
}
