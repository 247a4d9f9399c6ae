import { freeBytes } from '@upload-streams/protocol';
import { mask as xor } from 'bufferutil';
import { BINARY, CONTINUATION, FIRST_CONTROL, FrameHeaderReader, type FrameHeader } from './frame-header.js';

/** Smaller messages are left to the receiver behind: 16 KiB. */
const LARGE_BYTES = 16 * 1024;
/** Texts have no chunks in them. Longer ones than a packet may have are answered; longer ones than this end the connection. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024;

/** As much memory is taken before anything of it has come: 1 MiB, or what the last message had. */
const AT_ONCE_BYTES = 1024 * 1024;

export interface LargeMessagesTargets {
  /** Bytes of frames that are none of ours, in order. */
  readonly pass: (bytes: Buffer) => void;
  /** A large message, in order with what was passed. */
  readonly deliver: (message: Buffer) => void;
  /** The stream can't go on. */
  readonly fail: () => void;
}

/**
 * Takes large binary messages out of what a WebSocket's socket reads. Each piece, 64 KiB at the most, is unmasked straight
 * into the memory of its message while the processor's cache has it, and given back at once, to be read into again. `ws`
 * keeps the pieces, joins them, and unmasks what it joined: one pass more over all bytes, and so much memory that only the
 * garbage collector can free that it sets off full collections.
 */
export class LargeMessages {
  private readonly headers = new FrameHeaderReader();
  private frame: Frame | undefined;
  private message: Message | undefined;
  /** Fragments do not say how long their message gets, and what a header says is a promise: mostly it is as the last one. */
  private lastLength = 0;
  private failed = false;
  private passedTextBytes = 0;
  private messageNumber = 0;
  private toldBytes = 0;

  /** `maxBytes` of a message; at most `framesAtOnce` are read by one call. */
  constructor(
    private readonly maxBytes: number,
    private readonly framesAtOnce: number,
    private readonly targets: LargeMessagesTargets,
  ) {}

  /** What the socket read. It is freed, unless much of it was passed. Returns what is left to be read by the next call. */
  read(bytes: Buffer): Buffer | undefined {
    let isFree = true;
    let frames = 0;
    let at = 0;
    while (at < bytes.length && !this.failed) {
      if (!this.frame && ++frames > this.framesAtOnce) break;
      if (!this.frame) at = this.readHeader(bytes, at);
      if (!this.frame) continue;
      const end = Math.min(bytes.length, at + this.frame.left);
      const piece = bytes.subarray(at, end);
      at = end;
      const isCopied = this.frame.isOurs || piece.length < LARGE_BYTES;
      isFree &&= isCopied;
      this.readPayload(this.frame, this.frame.isOurs || !isCopied ? piece : Buffer.from(piece));
    }
    const rest = at < bytes.length && !this.failed ? Buffer.from(bytes.subarray(at)) : undefined;
    if (isFree) freeBytes(bytes);
    return rest;
  }

  /** Names the message that has begun and not ended; undefined between messages. */
  get openMessage(): number | undefined {
    const isOpen = this.frame || this.message || this.passedTextBytes > 0 || this.headers.isBegun;
    return isOpen ? this.messageNumber : undefined;
  }

  /** By how many bytes the memory of messages that are not whole has grown since the last call; negative where it shrank. */
  growth(): number {
    const bytes = (this.message?.heldBytes ?? 0) + this.passedTextBytes;
    const grown = bytes - this.toldBytes;
    this.toldBytes = bytes;
    return grown;
  }

  /** Nothing more comes. */
  discard(): void {
    this.failed = true;
    this.message = undefined;
    this.passedTextBytes = 0;
  }

  private readHeader(bytes: Buffer, at: number): number {
    const next = this.headers.read(bytes, at);
    if (!this.headers.isWhole) return next;
    const { header, bytes: raw } = this.headers.take();
    const isOurs = this.takes(header);
    if (!isOurs && header.opcode < FIRST_CONTROL) this.countText(header);
    if (this.failed) return next;
    this.frame = new Frame(header, isOurs);
    if (!isOurs) this.targets.pass(raw);
    // Nothing more may come for a while.
    if (header.length === 0) this.readPayload(this.frame, raw.subarray(0, 0));
    return next;
  }

  /** What the receiver behind puts together: texts, and small messages in one frame. */
  private countText({ opcode, final, length }: FrameHeader): void {
    this.passedTextBytes += length;
    if (opcode !== BINARY && this.passedTextBytes > MAX_TEXT_BYTES) return this.fail();
    if (!final) return;
    this.passedTextBytes = 0;
    this.messageNumber++;
  }

  /** What is not as it should be is left to the receiver behind, which knows what to answer, where it saw the beginning. */
  private takes({ opcode, final, extended, mask, length }: FrameHeader): boolean {
    if (opcode >= FIRST_CONTROL) return false;
    if (this.message) {
      const fits = this.message.length + length <= this.maxBytes;
      if (opcode !== CONTINUATION || extended || !mask || !fits) this.fail();
      return true;
    }
    const isLarge = length >= LARGE_BYTES || !final;
    if (opcode !== BINARY || extended || !mask || !isLarge || length > this.maxBytes) return false;
    const expected = final ? length : Math.max(length, this.lastLength);
    this.message = new Message(Math.min(expected, Math.max(AT_ONCE_BYTES, this.lastLength)));
    return true;
  }

  private readPayload(frame: Frame, piece: Buffer): void {
    if (!frame.isOurs) {
      if (piece.length > 0) this.targets.pass(piece);
    } else if (!this.failed) {
      this.message!.append(piece, frame.maskHere());
    }
    frame.advance(piece.length);
    if (frame.left > 0) return;
    this.frame = undefined;
    if (frame.isOurs && frame.isFinal && !this.failed) this.deliver();
  }

  private deliver(): void {
    const bytes = this.message!.take();
    this.message = undefined;
    this.lastLength = bytes.length;
    this.messageNumber++;
    this.targets.deliver(bytes);
  }

  private fail(): void {
    this.discard();
    this.targets.fail();
  }
}

/** A frame whose payload is being read. */
class Frame {
  private at = 0;
  private readonly shifted = Buffer.alloc(4);

  constructor(
    private readonly header: FrameHeader,
    readonly isOurs: boolean,
  ) {}

  get isFinal(): boolean {
    return this.header.final;
  }

  get left(): number {
    return this.header.length - this.at;
  }

  advance(bytes: number): void {
    this.at += bytes;
  }

  /** The mask for the next byte and those that follow. */
  maskHere(): Buffer {
    for (let n = 0; n < 4; n++) this.shifted[n] = this.header.mask![(this.at + n) & 3]!;
    return this.shifted;
  }
}

/** A message that is being put together. */
class Message {
  private memory: Buffer<ArrayBuffer>;
  length = 0;

  /** It is not touched before bytes come, and given to nobody before it is full: it need not be cleared. */
  constructor(expected: number) {
    this.memory = Buffer.allocUnsafeSlow(expected);
  }

  append(piece: Buffer, mask: Buffer): void {
    const length = this.length + piece.length;
    if (length > this.memory.length) this.resize(Math.max(length, 2 * this.memory.length));
    xor(piece, mask, this.memory, this.length, piece.length);
    this.length = length;
  }

  get heldBytes(): number {
    return this.memory.length;
  }

  take(): Buffer {
    if (this.length !== this.memory.length) this.resize(this.length);
    return this.memory;
  }

  private resize(bytes: number): void {
    this.memory = Buffer.from(this.memory.buffer.transfer(bytes));
  }
}
