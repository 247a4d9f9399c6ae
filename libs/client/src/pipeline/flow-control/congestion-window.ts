import { NEVER, Observable, of, type Unsubscribable } from 'rxjs';
import { afterAck, afterLoss, chunkBytesOf, initialEstimate, type LinkEstimate } from '../../state/link-estimate.js';
import { NODE_LINK, type LinkTuning } from '../../state/link-tuning.js';

/** A chunk in flight, with what is needed to measure the link by its ack. */
export interface SentChunk {
  readonly bytes: number;
  readonly sentAt: number;
  readonly deliveredThen: number;
  readonly idle: boolean;
}

interface Waiting {
  readonly permits: SendPermits;
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * How much all uploads of a client may have in flight together on their connection. It is a semaphore whose permits are
 * bytes and whose size follows the measured link. Permits are granted first come, first served, so that a small file never
 * waits behind all of a large one.
 */
export class CongestionWindow {
  private link: LinkEstimate = initialEstimate();
  private inFlight = 0;
  private delivered = 0;
  private receiveWindow = Infinity;
  private readonly waiting = new Set<Waiting>();

  constructor(
    private readonly tuning: LinkTuning = NODE_LINK,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The best size of a chunk now, in bytes. */
  get chunkBytes(): number {
    return chunkBytesOf(this.link, this.tuning);
  }

  /** The shortest recent time from sending a chunk to its ack, in milliseconds; infinite before the first ack. */
  get roundTripMs(): number {
    return this.link.roundTripMs;
  }

  /** The receive window of the last ack of a chunk, in bytes; infinite before the first one. */
  get lastReceiveWindow(): number {
    return this.receiveWindow;
  }

  /** The permits of one upload on one connection. They return when it is unsubscribed. */
  join(): SendPermits {
    return new SendPermits(this);
  }

  /** @internal Waits for permits for this many bytes. With nothing in flight, any number is granted. */
  acquire(permits: SendPermits, bytes: number): Observable<number> {
    if (bytes === 0) return of(0);
    return new Observable((subscriber) => {
      const grant = () => {
        subscriber.next(bytes);
        subscriber.complete();
      };
      const waiting = { permits, bytes, grant };
      this.waiting.add(waiting);
      this.admit();
      return () => this.waiting.delete(waiting);
    });
  }

  /** @internal */
  sent(bytes: number): SentChunk {
    const idle = this.inFlight < this.link.windowBytes / 2 && this.waiting.size === 0;
    return { bytes, sentAt: this.now(), deliveredThen: this.delivered, idle };
  }

  /** @internal */
  acked({ bytes, sentAt, deliveredThen, idle }: SentChunk, receiveWindow = this.receiveWindow): void {
    this.receiveWindow = receiveWindow;
    this.delivered += bytes;
    const delivered = this.delivered - deliveredThen;
    const sample = { sentAt, ackedAt: this.now(), bytes, delivered, idle };
    if (bytes > 0) this.link = afterAck(this.link, sample, this.tuning);
  }

  /** @internal An upload leaves its connection: it waits no longer, and its `bytes` in flight are lost. */
  leave(permits: SendPermits, bytes: number): void {
    for (const waiting of this.waiting) if (waiting.permits === permits) this.waiting.delete(waiting);
    if (bytes > 0) this.link = afterLoss(this.link);
    this.release(bytes);
  }

  /** @internal */
  release(bytes: number): void {
    this.inFlight -= bytes;
    this.admit();
  }

  private admit(): void {
    for (const waiting of this.waiting) {
      if (this.inFlight > 0 && this.inFlight + waiting.bytes > this.link.windowBytes) return;
      this.waiting.delete(waiting);
      this.inFlight += waiting.bytes;
      waiting.permits.granted(waiting.bytes);
      waiting.grant();
    }
  }
}

/** What one upload has in flight of the congestion window, over one connection. */
export class SendPermits implements Unsubscribable {
  private inFlight = 0;
  /** The part of `inFlight` that is granted but not sent yet. */
  private unsent = 0;
  private left = false;

  constructor(private readonly window: CongestionWindow) {}

  get chunkBytes(): number {
    return this.window.chunkBytes;
  }

  get roundTripMs(): number {
    return this.window.roundTripMs;
  }

  get lastReceiveWindow(): number {
    return this.window.lastReceiveWindow;
  }

  /** Emits `bytes` as soon as they may be sent, for one chunk at a time. They count as in flight from then on. */
  acquire(bytes: number): Observable<number> {
    // An upload that has left can't return permits, so the window would stay smaller forever.
    return this.left ? NEVER : this.window.acquire(this, bytes);
  }

  /** This many of the acquired bytes are sent now; the other permits return. */
  sent(bytes: number): SentChunk {
    this.release(this.unsent - bytes);
    this.unsent = 0;
    return this.window.sent(bytes);
  }

  /** A chunk is acknowledged. The ack of an `upload_chunk` has a receive window, that of a `begin_upload` does not count. */
  acked(chunk: SentChunk, receiveWindow?: number): void {
    this.window.acked(chunk, receiveWindow);
    this.release(chunk.bytes);
  }

  /** The upload leaves its connection: all its permits return. */
  unsubscribe(): void {
    this.left = true;
    this.window.leave(this, this.inFlight);
    this.inFlight = 0;
  }

  /** @internal */
  granted(bytes: number): void {
    this.inFlight += bytes;
    this.unsent = bytes;
  }

  private release(bytes: number): void {
    this.inFlight -= bytes;
    this.window.release(bytes);
  }
}
