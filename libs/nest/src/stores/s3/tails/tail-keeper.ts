import type { Checkpoint } from '../../../contracts/records.js';
import { EMPTY_BODY } from '../objects/object-body.js';
import type { ObjectStore } from '../objects/object-store.js';
import { partAt } from '../parts/part-layout.js';
import { checkpointKey, covering, tailKey, type TailObject } from './tail-object.js';

/** How many checkpoints stay before the saved one, to go on from where something that a later one needs is missing. */
const EARLIER_CHECKPOINTS = 3;

/**
 * The objects that an upload has beside its parts: tail objects, and checkpoints at ends of parts. The upload can go on from
 * each offset that was synced, until a checkpoint at a later one is saved.
 */
export class TailKeeper {
  private readonly synced: number[];
  /** Whether a tail object was ever saved: its removal may have failed. */
  isUsed = false;
  private removing: Promise<unknown> = Promise.resolve();

  /** Begins with what was found of an earlier time. */
  constructor(
    private readonly store: ObjectStore,
    private readonly fileId: string,
    offset: number,
    public tails: readonly TailObject[],
    private checkpoints: readonly Checkpoint[],
  ) {
    this.synced = [offset];
  }

  /** Called before the tail object is written: another sync that ends meanwhile must not take it for one that is not needed. */
  willSync(offset: number): void {
    this.synced.push(offset);
  }

  tailSaved(tail: TailObject | undefined): void {
    if (!tail) return;
    this.isUsed = true;
    this.tails = [...this.tails, tail];
  }

  /** Saves the checkpoint at the start of a part. */
  async saveCheckpoint(checkpoint: Checkpoint): Promise<void> {
    if (checkpoint.offset === 0 || this.checkpoints.some(({ offset }) => offset === checkpoint.offset)) return;
    await this.store.put(checkpointKey(this.fileId, checkpoint), EMPTY_BODY);
    this.checkpoints = [...this.checkpoints, checkpoint];
  }

  /**
   * Nobody goes on from before `saved` any more. Removes what is needed neither to go on from there or from a later synced
   * offset, nor by a part that is not sent yet. What can't be removed now stays until the upload ends or the sweep finds it.
   */
  checkpointSaved(saved: number, inParts: readonly TailObject[]): void {
    const later = this.synced.filter((offset) => offset >= saved);
    this.synced.splice(0, Infinity, ...later);
    const forLater = later.flatMap((offset) => covering(this.tails, partAt(offset).start, offset));
    const needed = new Set([...inParts, ...forLater]);
    const earlier = this.checkpoints.filter(({ offset }) => offset <= saved).sort((a, b) => b.offset - a.offset);
    const old = new Set(earlier.slice(EARLIER_CHECKPOINTS));
    const keys = [
      ...this.tails.filter((tail) => !needed.has(tail)).map((tail) => tailKey(this.fileId, tail)),
      ...[...old].map((checkpoint) => checkpointKey(this.fileId, checkpoint)),
    ];
    this.tails = this.tails.filter((tail) => needed.has(tail));
    this.checkpoints = this.checkpoints.filter((checkpoint) => !old.has(checkpoint));
    const removed = Promise.allSettled(keys.map((key) => this.store.remove(key)));
    this.removing = Promise.all([this.removing, removed]);
  }

  async settled(): Promise<void> {
    await this.removing;
  }
}
