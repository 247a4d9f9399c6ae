import { NEVER, Observable, of, type Unsubscribable } from 'rxjs';
import {
  chunkBytesOf,
  linkAcked,
  linkLost,
  newLink,
  NODE,
  type LinkEstimate,
  type Platform,
} from '../../state/link-estimate.js';

/** A chunk on its way, with what is needed to measure the link by its ack. */
export interface LinkMark {
  readonly bytes: number;
  readonly sentAt: number;
  readonly deliveredThen: number;
  readonly idle: boolean;
}

interface Waiting {
  readonly share: LinkShare;
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * What all uploads of a client may have under way on their connection together. Who wants to send waits for its turn,
 * first come, first served, so that a small file is not behind all of a large one.
 */
export class LinkWindow {
  private link: LinkEstimate = newLink();
  private inFlight = 0;
  private delivered = 0;
  private window = Infinity;
  private readonly waiting = new Set<Waiting>();

  constructor(
    private readonly platform: Platform = NODE,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** How large a chunk should be now, in bytes. */
  get chunkBytes(): number {
    return chunkBytesOf(this.link, this.platform);
  }

  /** The lowest time from sending a chunk to its ack of late, in milliseconds; infinite where there was none. */
  get roundTripMs(): number {
    return this.link.roundTripMs;
  }

  /** What the gateway granted an upload by its last ack of a chunk, in bytes; infinite where there was none. */
  get lastWindow(): number {
    return this.window;
  }

  /** An upload takes part, for as long as it has its connection: its share ends when it is unsubscribed. */
  join(): LinkShare {
    return new LinkShare(this);
  }

  /** @internal Waits for room for so many bytes. With nothing under way there is room for any number. */
  reserve(share: LinkShare, bytes: number): Observable<number> {
    if (bytes === 0) return of(0);
    return new Observable((subscriber) => {
      const grant = () => {
        subscriber.next(bytes);
        subscriber.complete();
      };
      const waiting = { share, bytes, grant };
      this.waiting.add(waiting);
      this.admit();
      return () => this.waiting.delete(waiting);
    });
  }

  /** @internal */
  mark(bytes: number): LinkMark {
    const idle = this.inFlight < this.link.target / 2 && this.waiting.size === 0;
    return { bytes, sentAt: this.now(), deliveredThen: this.delivered, idle };
  }

  /** @internal */
  acked({ bytes, sentAt, deliveredThen, idle }: LinkMark, window = this.window): void {
    this.window = window;
    this.delivered += bytes;
    const delivered = this.delivered - deliveredThen;
    const sample = { sentAt, ackedAt: this.now(), bytes, delivered, idle };
    if (bytes > 0) this.link = linkAcked(this.link, sample, this.platform);
  }

  /** @internal An upload left its connection: it waits no more, and `bytes` of it are lost. */
  leave(share: LinkShare, bytes: number): void {
    for (const waiting of this.waiting) if (waiting.share === share) this.waiting.delete(waiting);
    if (bytes > 0) this.link = linkLost(this.link);
    this.free(bytes);
  }

  /** @internal Bytes are not under way any more. */
  free(bytes: number): void {
    this.inFlight -= bytes;
    this.admit();
  }

  private admit(): void {
    for (const waiting of this.waiting) {
      if (this.inFlight > 0 && this.inFlight + waiting.bytes > this.link.target) return;
      this.waiting.delete(waiting);
      this.inFlight += waiting.bytes;
      waiting.share.granted(waiting.bytes);
      waiting.grant();
    }
  }
}

/** The part of one upload in the link's window, over one connection. */
export class LinkShare implements Unsubscribable {
  private inFlight = 0;
  /** Of what is in flight, the part that is not sent yet. */
  private reserved = 0;
  private left = false;

  constructor(private readonly link: LinkWindow) {}

  get chunkBytes(): number {
    return this.link.chunkBytes;
  }

  get roundTripMs(): number {
    return this.link.roundTripMs;
  }

  get lastWindow(): number {
    return this.link.lastWindow;
  }

  /** Emits `bytes` as soon as so many may be sent: for one chunk at a time. They count as under way from then on. */
  reserve(bytes: number): Observable<number> {
    // Who left could not give back what it takes, and the link would have less room for ever.
    return this.left ? NEVER : this.link.reserve(this, bytes);
  }

  /** Of what was reserved, so many bytes are sent now; the rest is given back. */
  sent(bytes: number): LinkMark {
    this.give(this.reserved - bytes);
    this.reserved = 0;
    return this.link.mark(bytes);
  }

  /** What was sent is acknowledged; the ack of a chunk comes with a window. */
  acked(mark: LinkMark, window?: number): void {
    this.link.acked(mark, window);
    this.give(mark.bytes);
  }

  /** The upload left its connection: what is under way is under way no more. */
  unsubscribe(): void {
    this.left = true;
    this.link.leave(this, this.inFlight);
    this.inFlight = 0;
  }

  /** @internal */
  granted(bytes: number): void {
    this.inFlight += bytes;
    this.reserved = bytes;
  }

  private give(bytes: number): void {
    this.inFlight -= bytes;
    this.link.free(bytes);
  }
}
