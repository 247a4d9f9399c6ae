import type { LargeMessages } from '../../performance/large-messages.js';
import { ReadMemory } from '../../performance/read-memory.js';
import { BINARY, CONTINUATION, FIRST_CONTROL, FrameHeaderReader, type FrameHeader } from './frame-header.js';
import { Frame } from './frame.js';

/** How many frames are read in one turn of the event loop. Then other connections get their turn. */
const FRAMES_AT_ONCE = 256;

/** Text messages carry no chunks. A text too long for a packet is refused; one longer than this ends the connection. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024;

export interface FrameTargets {
  /** Passes bytes on to `ws`, in order. */
  readonly pass: (bytes: Buffer) => void;
  /** Delivers a message that did not go to `ws`, in order with the passed bytes. */
  readonly deliver: (message: Buffer) => void;
  /** Called when the stream cannot continue. */
  readonly fail: () => void;
}

/**
 * Parses the frames of a WebSocket before `ws` sees them. Limits how many are read at once and how long a text may be,
 * and tracks the memory of the unfinished message, whether `ws` or `LargeMessages` assembles it.
 */
export class FrameStream {
  private readonly headers = new FrameHeaderReader();
  private frame: Frame | undefined;
  private failed = false;
  /** Bytes of the unfinished message that `ws` assembles. */
  private passedBytes = 0;
  private passesText = false;
  private messageNumber = 0;
  private toldBytes = 0;

  /** `large` assembles large messages. Without it, all messages go to `ws`. */
  constructor(
    private readonly targets: FrameTargets,
    private readonly large: LargeMessages | undefined,
  ) {}

  /**
   * Processes bytes from the socket. If `large` is set, takes ownership of their memory. Returns a copy of the bytes
   * that are left for the next call.
   */
  read(bytes: Buffer): Buffer | undefined {
    const memory = this.large && new ReadMemory(bytes);
    let at = 0;
    for (let frames = 0; at < bytes.length && !this.failed;) {
      if (!this.frame && ++frames > FRAMES_AT_ONCE) break;
      if (!this.frame) at = this.readHeader(bytes, at);
      if (!this.frame) continue;
      const end = Math.min(bytes.length, at + this.frame.left);
      if (this.frame.isTaken || !memory) this.readPayload(this.frame, bytes.subarray(at, end));
      else this.readPayload(this.frame, memory.lend(at, end));
      at = end;
    }
    const rest = at < bytes.length && !this.failed ? Buffer.from(bytes.subarray(at)) : undefined;
    memory?.free();
    return rest;
  }

  /** The number of the unfinished message; undefined between messages. */
  get openMessage(): number | undefined {
    const isOpen = this.frame || this.large?.isOpen || this.passedBytes > 0 || this.headers.isBegun;
    return isOpen ? this.messageNumber : undefined;
  }

  /** By how many bytes the memory of unfinished messages has grown since the last call; negative if it shrank. */
  growth(): number {
    const bytes = (this.large?.heldBytes ?? 0) + this.passedBytes;
    const grown = bytes - this.toldBytes;
    this.toldBytes = bytes;
    return grown;
  }

  /** Drops the unfinished message. Nothing more is read. */
  discard(): void {
    this.failed = true;
    this.large?.discard();
    this.passedBytes = 0;
  }

  private readHeader(bytes: Buffer, at: number): number {
    const next = this.headers.read(bytes, at);
    if (!this.headers.isWhole) return next;
    const { header, bytes: raw } = this.headers.take();
    const isTaken = this.takeIfLarge(header);
    if (!isTaken) this.checkText(header);
    if (this.failed) return next;
    this.frame = new Frame(header, isTaken);
    if (!isTaken) this.targets.pass(raw);
    // A frame without payload ends here, because more bytes may not arrive for a while.
    if (header.length === 0) this.readPayload(this.frame, raw.subarray(0, 0));
    return next;
  }

  private checkText({ opcode, length }: FrameHeader): void {
    if (opcode >= FIRST_CONTROL) return;
    if (opcode !== CONTINUATION) this.passesText = opcode !== BINARY;
    if (this.passesText && this.passedBytes + length > MAX_TEXT_BYTES) this.fail();
  }

  /**
   * Returns whether the payload of a frame goes to `LargeMessages`, and begins its message if it is the first frame. A
   * violation of the protocol goes to `ws`, which answers it. Within a message that `ws` has not seen, it ends the
   * connection.
   */
  private takeIfLarge({ opcode, final, extended, mask, length }: FrameHeader): boolean {
    const { large } = this;
    if (!large || opcode >= FIRST_CONTROL) return false;
    const isPlain = !extended && mask !== undefined;
    if (!large.isOpen) return opcode === BINARY && isPlain && large.begin(length, final);
    if (opcode !== CONTINUATION || !isPlain || !large.hasRoomFor(length)) this.fail();
    return true;
  }

  private readPayload(frame: Frame, piece: Buffer): void {
    if (frame.isTaken) this.large!.append(piece, frame.maskHere());
    else this.passPayload(frame, piece);
    frame.advance(piece.length);
    if (frame.left > 0) return;
    this.frame = undefined;
    if (frame.isFinal && !frame.isControl && !this.failed) this.endMessage(frame);
  }

  private passPayload({ isControl }: Frame, piece: Buffer): void {
    if (piece.length > 0) this.targets.pass(piece);
    if (!isControl) this.passedBytes += piece.length;
  }

  private endMessage({ isTaken }: Frame): void {
    this.messageNumber++;
    if (isTaken) this.targets.deliver(this.large!.take());
    else this.passedBytes = 0;
  }

  private fail(): void {
    this.discard();
    this.targets.fail();
  }
}
