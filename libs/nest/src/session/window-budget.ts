import { MIN_CHUNK_BYTES } from '@upload-streams/protocol';

/** Shares a budget of bytes in flight among the uploads that are under way, so that memory does not grow with them. */
export class WindowBudget {
  private uploads = 0;

  constructor(
    private readonly budgetBytes: number,
    private readonly maxWindowBytes: number,
  ) {}

  join(): void {
    this.uploads++;
  }

  leave(): void {
    this.uploads--;
  }

  /** The window of each upload, in bytes: an equal share, at most the maximum, and never less than one small chunk. */
  share(): number {
    const equal = Math.floor(this.budgetBytes / Math.max(1, this.uploads));
    return Math.max(MIN_CHUNK_BYTES, Math.min(this.maxWindowBytes, equal));
  }
}
