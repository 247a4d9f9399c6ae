import { MIN_CHUNK_BYTES } from '@upload-streams/protocol';

/**
 * The first window of an upload. It grows as the upload uses it. 4 MiB keeps a 100 Mbit/s link with a 300 ms round trip
 * busy. A new upload gets a sixteenth of its share, between 1 MiB and 4 MiB.
 */
const FIRST_WINDOW_BYTES = { least: 1024 * 1024, most: 4 * 1024 * 1024, shareDivisor: 16 };

/** The time over which the rate of an upload is measured, in milliseconds. */
const SPAN_MS = 1000;

/** Until an upload has run for this many milliseconds, its rate is unknown and its whole window counts. */
const YOUNG_MS = 2 * SPAN_MS;

/** An upload that uses less than this fraction of its share takes no share from others. */
const LIGHT_DIVISOR = 8;

/**
 * Shares a budget of bytes in flight among the sharers of active uploads, and each sharer's part among its uploads. A
 * window counts only for the bytes that the upload is likely to use: two seconds at its current rate. So the windows of
 * idle uploads become available to others within seconds, although they stay granted. The counted bytes stay within the
 * budget, with three exceptions: one small chunk for each upload, so that all make progress; the bytes that a new
 * upload sent before it knew its window; and idle uploads that become active again. Memory for incoming data is bounded
 * where it is read (gateway/limits), not here.
 */
export class WindowBudget {
  private counted = 0;
  /** Counted uploads, least recently examined first. */
  private readonly inUse = new Set<WindowGrant>();
  /** The number of uploads of each sharer that take a share. */
  private readonly sharing = new Map<unknown, number>();

  constructor(
    private readonly budgetBytes: number,
    private readonly maxWindowBytes: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The bytes that are counted as in flight now. */
  get countedBytes(): number {
    return this.counted;
  }

  /** `sharer` is any value that is the same for all uploads that share one part of the budget. */
  join(sharer: unknown): WindowGrant {
    const grant = new WindowGrant(this, sharer, this.now);
    this.count(grant, 0);
    this.setSharing(grant, true);
    return grant;
  }

  /**
   * @internal Renews a window. It is never less than `unused`, which was already granted. Otherwise it is `wanted`, but
   * at least a first window, and at most the fair share.
   */
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
    const own = this.sharing.get(grant.sharer) ?? 0;
    const sharers = this.sharing.size + (own === 0 ? 1 : 0);
    return Math.floor(this.budgetBytes / sharers / (own + (grant.isSharing ? 0 : 1)));
  }

  /** Recounts uploads by their recent rate, oldest count first, each at most once a second. */
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
    const uploads = (this.sharing.get(grant.sharer) ?? 0) + (isSharing ? 1 : -1);
    if (uploads > 0) this.sharing.set(grant.sharer, uploads);
    else this.sharing.delete(grant.sharer);
  }
}

function firstWindow(share: number): number {
  const { least, most, shareDivisor } = FIRST_WINDOW_BYTES;
  return Math.max(least, Math.min(Math.floor(share / shareDivisor), most));
}

/** The window of one upload. */
export class WindowGrant {
  /** @internal How many bytes of the budget this window uses. */
  counted = 0;
  /** @internal */
  countedAt = 0;
  /** @internal Whether the upload takes a share of the budget. */
  isSharing = false;
  private window = 0;
  private readonly joinedAt: number;
  private spanStartedAt: number;
  private spanBytes = 0;
  private lastSpanBytes = 0;

  constructor(
    private readonly budget: WindowBudget,
    readonly sharer: unknown,
    private readonly now: () => number,
  ) {
    this.joinedAt = this.spanStartedAt = now();
  }

  /** @internal */
  get isYoung(): boolean {
    return this.now() - this.joinedAt < YOUNG_MS;
  }

  /**
   * Records that `written` more bytes were written, and returns the new window in bytes: about two seconds at the
   * upload's rate, so that slow uploads leave room for fast ones.
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

  /** @internal Records `written`, and returns how many bytes the upload writes in two seconds. */
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
