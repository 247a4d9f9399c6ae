import type { Socket } from 'node:net';

/** Delay and rate of one direction of a link. */
export interface LinkShape {
  /** How long a byte is in transit, in milliseconds. It does not reduce the rate. @default 0 */
  readonly delayMs?: number;
  /** @default Infinity */
  readonly bytesPerSecond?: number;
}

/** Bytes, or the end of the connection, in transit until `dueAt`. */
interface Freight {
  readonly dueAt: number;
  readonly what: Buffer | 'end' | 'reset';
}

interface Mark {
  readonly at: number;
  readonly act: () => void;
}

/** The longest queue in front of a slow link, so that the sender is held to its rate. */
const MAX_QUEUE_MS = 20;

/** Bytes that are accepted from the sender while nothing moves, like the buffer of a router. */
const MAX_HELD_BYTES = 64 * 1024;

/** A slow link passes pieces of 5 ms, at least a packet each, so that bytes do not come in bursts. */
const PIECES_PER_SECOND = 200;
const PACKET_BYTES = 1460;

/** One direction of a proxied connection: a queue with a delay and a rate, and its faults. */
export class FaultPipe {
  /** Bytes read from the sender. */
  received = 0;
  /** Bytes that left at the other end, including dropped ones. */
  delivered = 0;
  private line: Freight[] = [];
  private marks: Mark[] = [];
  private readonly flips = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  /** When the link has passed the last byte that was accepted. */
  private freeAt = 0;
  private frozen = false;
  private dropping = false;
  /** True between a write and the action of a mark after it. */
  private held = false;
  private blocked = false;
  private ended = false;
  private stopped = false;

  constructor(
    private readonly source: Socket,
    private readonly sink: Socket,
    private readonly shape: () => LinkShape,
    private readonly reset: (socket: Socket) => void,
  ) {
    source.on('data', (bytes: Buffer) => this.take(bytes));
    source.on('end', () => this.takeEnd('end'));
    source.on('close', () => this.takeEnd('reset'));
    sink.on('drain', () => this.setBlocked(false));
    sink.on('close', () => this.stop());
  }

  /** Nothing passes: neither bytes nor the end of the connection. */
  freeze(): void {
    this.frozen = true;
    this.pump();
  }

  unfreeze(): void {
    this.frozen = false;
    this.pump();
  }

  /** Everything from now on is discarded, including the end of the connection. */
  drop(): void {
    this.dropping = true;
    this.setBlocked(false);
  }

  /** Flips the lowest bit of a byte, counted from the start of the connection. */
  flipBit(atByte: number): void {
    this.flips.add(atByte);
  }

  /** Calls `act` when this many bytes since the start have been delivered, before any further byte. */
  after(bytes: number, act: () => void): void {
    if (bytes <= this.delivered) return act();
    this.marks = [...this.marks, { at: bytes, act }].sort((a, b) => a.at - b.at);
  }

  /** Discards what is in transit and everything that comes. */
  stop(): void {
    this.stopped = true;
    this.line = [];
    clearTimeout(this.timer);
    this.source.resume();
  }

  private take(bytes: Buffer): void {
    if (this.stopped) return;
    const { delayMs = 0, bytesPerSecond = Infinity } = this.shape();
    const sound = this.flipped(bytes);
    this.received += bytes.length;
    const pieceBytes = Math.max(PACKET_BYTES, Math.floor(bytesPerSecond / PIECES_PER_SECOND));
    this.freeAt = Math.max(this.freeAt, performance.now());
    for (let start = 0; start < sound.length; start += pieceBytes) {
      const what = sound.subarray(start, start + pieceBytes);
      this.freeAt += (what.length / bytesPerSecond) * 1000;
      this.line.push({ dueAt: this.freeAt + delayMs, what });
    }
    this.pump();
  }

  private takeEnd(what: 'end' | 'reset'): void {
    if (this.ended || this.stopped) return;
    this.ended = true;
    const { delayMs = 0 } = this.shape();
    this.line.push({ dueAt: Math.max(this.freeAt, performance.now()) + delayMs, what });
    this.pump();
  }

  private flipped(bytes: Buffer): Buffer {
    const positions = [...this.flips].map((at) => at - this.received).filter((at) => at >= 0 && at < bytes.length);
    if (positions.length === 0) return bytes;
    const changed = Buffer.from(bytes);
    for (const position of positions) changed[position]! ^= 1;
    return changed;
  }

  /** Delivers what is due, and sets a timer for the rest. */
  private pump(): void {
    while (!this.stopped && this.moving && this.line.length > 0 && this.line[0]!.dueAt <= performance.now()) {
      this.deliver(this.line.shift()!);
    }
    if (this.stopped) return;
    const now = performance.now();
    const queueFull = this.freeAt - now > MAX_QUEUE_MS;
    const heldBytes = this.moving ? 0 : this.received - this.delivered;
    if (queueFull || heldBytes > MAX_HELD_BYTES) this.source.pause();
    else this.source.resume();
    const wakeAt = Math.min(this.line[0]?.dueAt ?? Infinity, queueFull ? this.freeAt - MAX_QUEUE_MS : Infinity);
    clearTimeout(this.timer);
    if (this.moving && wakeAt < Infinity) this.timer = setTimeout(() => this.pump(), Math.max(0, wakeAt - now));
  }

  private get moving(): boolean {
    return !this.frozen && !this.held && !this.blocked;
  }

  private deliver({ what, dueAt }: Freight): void {
    if (what instanceof Buffer) this.deliverBytes(what, dueAt);
    else if (this.dropping) return;
    else if (what === 'end') this.sink.end();
    else this.reset(this.sink);
  }

  private deliverBytes(bytes: Buffer, dueAt: number): void {
    const [mark] = this.marks;
    const upToMark = mark ? mark.at - this.delivered : Infinity;
    if (mark === undefined || bytes.length < upToMark) return this.write(bytes);
    this.marks.shift();
    if (bytes.length > upToMark) this.line.unshift({ dueAt, what: bytes.subarray(upToMark) });
    this.held = true;
    this.write(bytes.subarray(0, upToMark), () => {
      this.held = false;
      mark.act();
      this.pump();
    });
  }

  /** `written` is called when the bytes have left this process, so that a later reset can't discard them. */
  private write(bytes: Buffer, written?: () => void): void {
    this.delivered += bytes.length;
    if (this.dropping) written?.();
    else if (!this.sink.write(bytes, written && (() => written()))) this.setBlocked(true);
  }

  private setBlocked(blocked: boolean): void {
    this.blocked = blocked;
    if (!blocked) this.pump();
  }
}
