import { MIN_CHUNK_BYTES } from '@upload-streams/protocol';

/**
 * The first window of an upload. It grows as the upload uses it. 4 MiB fill a link of 100 Mbit/s with a round trip of
 * 300 ms, but an upload that has shown nothing yet gets only a sixteenth of its share.
 */
const FIRST_WINDOW_BYTES = { least: 1024 * 1024, most: 4 * 1024 * 1024, shareDivisor: 16 };

/** The rate of an upload is measured over this time, in milliseconds. */
const SPAN_MS = 1000;

/** The rate of an upload younger than this, in milliseconds, is unknown: its whole window counts. */
const YOUNG_MS = 2 * SPAN_MS;

/** An upload that uses less than this fraction of its share takes no share from others. */
const LIGHT_DIVISOR = 8;

/**
 * Shares a budget of bytes in flight among the owners of active uploads, and each owner's part among its uploads. A window
 * counts only as far as its upload is likely to use it: two seconds of what it writes. So the windows of idle uploads
 * become available to others within seconds, although they stay granted. What counts stays within the budget, with three
 * exceptions: one small chunk for each upload, so that all make progress; what a new upload sent before it knew its
 * window; and idle uploads that come back. The memory for what arrives is bounded where it is read, not here.
 */
export class WindowBudget {
  private counted = 0;
  /** The uploads that count, in the order in which they were last examined. */
  private readonly inUse = new Set<WindowGrant>();
  /** The number of uploads of each owner that take a share. */
  private readonly sharing = new Map<unknown, number>();

  constructor(
    private readonly budgetBytes: number,
    private readonly maxWindowBytes: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The bytes that count as in flight now. */
  get countedBytes(): number {
    return this.counted;
  }

  /** `owner` is any value that is the same for all uploads of one owner. */
  join(owner: unknown): WindowGrant {
    const grant = new WindowGrant(this, owner, this.now);
    this.count(grant, 0);
    this.setSharing(grant, true);
    return grant;
  }

  /** @internal Renews a window: at least `unused`, which can't be taken back, and at most `wanted`. */
  regrant(grant: WindowGrant, unused: number, wanted: number): number {
    this.recount();
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

  /** Counts each upload again by what it wrote in the last second. Each is examined at most once a second. */
  private recount(): void {
    const now = this.now();
    for (const grant of this.inUse) {
      if (now - grant.countedAt < SPAN_MS) return;
      const likely = Math.min(grant.counted, grant.isYoung ? Infinity : grant.measureWanted());
      if (likely === 0) this.leave(grant);
      else this.count(grant, likely);
    }
  }

  private count(grant: WindowGrant, bytes: number): void {
    this.counted += bytes - grant.counted;
    grant.counted = bytes;
    grant.countedAt = this.now();
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

/** The window of one upload. */
export class WindowGrant {
  /** @internal The bytes of the budget that it takes. */
  counted = 0;
  /** @internal */
  countedAt = 0;
  /** @internal Whether it takes a share of the budget. */
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
   * Returns the window after `written` more bytes, in bytes: about two seconds at the upload's rate, so that a slow upload
   * does not hold what a fast one could use.
   */
  renew(written: number): number {
    const wanted = this.measureWanted(written);
    this.window = this.budget.regrant(this, Math.max(0, this.window - written), wanted);
    return this.window;
  }

  leave(): void {
    this.budget.leave(this);
    this.window = 0;
  }

  /** @internal Two seconds of what it writes, in bytes. */
  measureWanted(written = 0): number {
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
