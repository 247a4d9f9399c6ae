import { MIN_CHUNK_BYTES } from '@upload-streams/protocol';

/**
 * What an upload is granted at first; more, as it shows that it uses it. 4 MiB fill a link of 100 Mbit/s with a round trip
 * of 300 ms, but only a sixteenth of an upload's share is given for nothing.
 */
const FIRST_WINDOW_BYTES = { least: 1024 * 1024, most: 4 * 1024 * 1024, shareDivisor: 16 };

/** Over so long it is looked how fast an upload is, in milliseconds. */
const SPAN_MS = 1000;

/** Until an upload is so old, nobody knows how fast it is, in milliseconds: all that it was granted counts. */
const YOUNG_MS = 2 * SPAN_MS;

/** An upload that uses less than this part of its share takes no share from others. */
const LIGHT_DIVISOR = 8;

/**
 * Shares a budget of bytes in flight, first among the owners of the uploads that are under way, then among the uploads of
 * each. A window counts as far as its upload is likely to use it: two seconds of what it writes. So what idle uploads were
 * granted is there for others within seconds, although it stays granted. All that counts is within the budget, but for one
 * small chunk for each upload, so that all move, for what a new upload sent before it knew its window, and for idle uploads
 * that come back: how much of what arrives is held at once is bounded where it is read.
 */
export class WindowBudget {
  private counted = 0;
  /** The uploads that count, by when they were looked at, the longest ago first. */
  private readonly inUse = new Set<WindowGrant>();
  /** How many uploads of an owner take a share. */
  private readonly sharing = new Map<unknown, number>();

  constructor(
    private readonly budgetBytes: number,
    private readonly maxWindowBytes: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** What counts as in flight now, in bytes. */
  get countedBytes(): number {
    return this.counted;
  }

  /** `owner` is whoever shares what one gets: any value that is the same for all of its uploads. */
  join(owner: unknown): WindowGrant {
    const grant = new WindowGrant(this, owner, this.now);
    this.count(grant, 0);
    this.setSharing(grant, true);
    return grant;
  }

  /** @internal In place of what an upload had: at least `unused`, which can't be taken back, and at most `wanted`. */
  regrant(grant: WindowGrant, unused: number, wanted: number): number {
    this.lookAgain();
    const share = this.shareOf(grant);
    const left = this.budgetBytes - (this.counted - grant.counted);
    const fair = Math.min(Math.max(wanted, firstWindow(share)), this.maxWindowBytes, share, left);
    const window = Math.max(unused, MIN_CHUNK_BYTES, fair);
    this.count(grant, grant.isYoung ? window : Math.min(window, Math.max(wanted, MIN_CHUNK_BYTES)));
    this.setSharing(grant, grant.isYoung || wanted >= share / LIGHT_DIVISOR);
    return window;
  }

  /** @internal */
  leave(grant: WindowGrant): void {
    this.setSharing(grant, false);
    this.inUse.delete(grant);
    this.counted -= grant.counted;
    grant.counted = 0;
  }

  private shareOf(grant: WindowGrant): number {
    const own = this.sharing.get(grant.owner) ?? 0;
    const owners = this.sharing.size + (own === 0 ? 1 : 0);
    return Math.floor(this.budgetBytes / owners / (own + (grant.isSharing ? 0 : 1)));
  }

  /** What was not looked at for a second counts by what it did since. Each upload is looked at once a second at most. */
  private lookAgain(): void {
    const now = this.now();
    for (const grant of this.inUse) {
      if (now - grant.lookedAt < SPAN_MS) return;
      const likely = Math.min(grant.counted, grant.isYoung ? Infinity : grant.wanted());
      if (likely === 0) this.leave(grant);
      else this.count(grant, likely);
    }
  }

  private count(grant: WindowGrant, bytes: number): void {
    this.counted += bytes - grant.counted;
    grant.counted = bytes;
    grant.lookedAt = this.now();
    this.inUse.delete(grant);
    this.inUse.add(grant);
  }

  private setSharing(grant: WindowGrant, isSharing: boolean): void {
    if (grant.isSharing === isSharing) return;
    grant.isSharing = isSharing;
    const uploads = (this.sharing.get(grant.owner) ?? 0) + (isSharing ? 1 : -1);
    if (uploads > 0) this.sharing.set(grant.owner, uploads);
    else this.sharing.delete(grant.owner);
  }
}

function firstWindow(share: number): number {
  const { least, most, shareDivisor } = FIRST_WINDOW_BYTES;
  return Math.max(least, Math.min(Math.floor(share / shareDivisor), most));
}

/** What one upload may have in flight. */
export class WindowGrant {
  /** @internal The bytes of the budget that it counts for. */
  counted = 0;
  /** @internal */
  lookedAt = 0;
  /** @internal Whether it counts among those who share the budget. */
  isSharing = false;
  private window = 0;
  private readonly joinedAt: number;
  private spanStartedAt: number;
  private spanBytes = 0;
  private lastSpanBytes = 0;

  constructor(
    private readonly budget: WindowBudget,
    readonly owner: unknown,
    private readonly now: () => number,
  ) {
    this.joinedAt = this.spanStartedAt = now();
  }

  /** @internal */
  get isYoung(): boolean {
    return this.now() - this.joinedAt < YOUNG_MS;
  }

  /**
   * The window after `written` bytes more, in bytes: about two seconds of what the upload is worth, so that a slow one
   * does not hold what a fast one could use.
   */
  renew(written: number): number {
    const wanted = this.wanted(written);
    this.window = this.budget.regrant(this, Math.max(0, this.window - written), wanted);
    return this.window;
  }

  leave(): void {
    this.budget.leave(this);
    this.window = 0;
  }

  /** @internal Two seconds of what it writes, in bytes. */
  wanted(written = 0): number {
    const elapsedMs = this.now() - this.spanStartedAt;
    if (elapsedMs >= SPAN_MS) {
      this.lastSpanBytes = elapsedMs < 2 * SPAN_MS ? this.spanBytes : 0;
      this.spanBytes = 0;
      this.spanStartedAt = this.now();
    }
    this.spanBytes += written;
    return 2 * Math.max(this.spanBytes, this.lastSpanBytes);
  }
}
