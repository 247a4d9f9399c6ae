import type { LargeMessages } from '../../performance/large-messages.js';
import { ReadMemory } from '../../performance/read-memory.js';
import { BINARY, CONTINUATION, FIRST_CONTROL, FrameHeaderReader, type FrameHeader } from './frame-header.js';
import { Frame } from './frame.js';

/** Frames that are read in one turn of the event loop. Other connections get their turn after that. */
const FRAMES_AT_ONCE = 256;

/** Texts carry no chunks. Texts that are too long for a packet are refused; texts longer than this end the connection. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024;

export interface FrameTargets {
  /** Bytes that `ws` is to read, in order. */
  readonly pass: (bytes: Buffer) => void;
  /** A message that did not go to `ws`, in order with the bytes that were passed. */
  readonly deliver: (message: Buffer) => void;
  /** The stream can't go on. */
  readonly fail: () => void;
}

/**
 * Follows the frames in what a WebSocket's socket has read, and limits them before `ws` reads them: how many are read at
 * once, and how long a text may be. It knows how much memory the unfinished message takes, wherever that is assembled.
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

  /** `large` assembles large messages; without it, all go to `ws`. */
  constructor(
    private readonly targets: FrameTargets,
    private readonly large: LargeMessages | undefined,
  ) {}

  /** Reads what the socket has read, which then belongs to this stream. Returns what the next call has to read. */
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

  /** The number of the message that has begun and not ended; undefined between messages. */
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

  /** Nothing more comes. */
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
    // A frame without payload ends here; nothing more may come for a while.
    if (header.length === 0) this.readPayload(this.frame, raw.subarray(0, 0));
    return next;
  }

  private checkText({ opcode, length }: FrameHeader): void {
    if (opcode >= FIRST_CONTROL) return;
    if (opcode !== CONTINUATION) this.passesText = opcode !== BINARY;
    if (this.passesText && this.passedBytes + length > MAX_TEXT_BYTES) this.fail();
  }

  /** Violations of the protocol are passed to `ws`, which answers them, if it has seen the start of the message. */
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
