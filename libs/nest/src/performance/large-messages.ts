import { freeBytes } from '@upload-streams/protocol';
import { mask as xor } from 'bufferutil';
import { BINARY, CONTINUATION, FIRST_CONTROL, FrameHeaderReader, type FrameHeader } from './frame-header.js';

/** Smaller messages are left to `ws`: 16 KiB. */
export const LARGE_BYTES = 16 * 1024;

/** Pieces smaller than this are copied, so that the memory they were read into can be used again. */
const WORTH_KEEPING_BYTES = 16 * 1024;

/** Texts carry no chunks. Texts that are too long for a packet are refused; texts longer than this end the connection. */
const MAX_TEXT_BYTES = 2 * 1024 * 1024;

/** A message gets at most this much memory before any of it has arrived, unless the last one was larger: 1 MiB. */
const AT_ONCE_BYTES = 1024 * 1024;

export interface LargeMessagesTargets {
  /** Bytes of frames that `ws` is to read, in order. */
  readonly pass: (bytes: Buffer) => void;
  /** A large message, in order with the bytes that were passed. */
  readonly deliver: (message: Buffer) => void;
  /** The stream can't go on. */
  readonly fail: () => void;
}

/**
 * Takes large binary messages out of what a WebSocket's socket reads. Each piece, of 64 KiB at most, is unmasked directly
 * into the memory of its message while it is in the processor's cache, and its memory is freed at once. `ws` keeps the
 * pieces, joins them, and unmasks the result: one more pass over all bytes, and so much garbage outside of V8's heap that
 * full collections follow. docs/decisions/0014-large-messages.md has the figures; the option `fastPaths` switches it off.
 */
export class LargeMessages {
  private readonly headers = new FrameHeaderReader();
  private frame: Frame | undefined;
  private message: Message | undefined;
  /** Fragments do not tell the length of their message. It is mostly that of the last one. */
  private lastLength = 0;
  private failed = false;
  /** Bytes of the unfinished message that `ws` puts together. */
  private passedBytes = 0;
  private passesText = false;
  private messageNumber = 0;
  private toldBytes = 0;

  /** `maxBytes` of a message; one call reads at most `framesAtOnce`; messages from `largeBytes` on are taken out. */
  constructor(
    private readonly maxBytes: number,
    private readonly framesAtOnce: number,
    private readonly targets: LargeMessagesTargets,
    private readonly largeBytes = LARGE_BYTES,
  ) {}

  /** Reads what the socket has read, and frees it unless much of it was passed. Returns what the next call has to read. */
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
      const isCopied = this.frame.isOurs || piece.length < WORTH_KEEPING_BYTES;
      isFree &&= isCopied;
      this.readPayload(this.frame, this.frame.isOurs || !isCopied ? piece : Buffer.from(piece));
    }
    const rest = at < bytes.length && !this.failed ? Buffer.from(bytes.subarray(at)) : undefined;
    if (isFree) freeBytes(bytes);
    return rest;
  }

  /** The number of the message that has begun and not ended; undefined between messages. */
  get openMessage(): number | undefined {
    const isOpen = this.frame || this.message || this.passedBytes > 0 || this.headers.isBegun;
    return isOpen ? this.messageNumber : undefined;
  }

  /** By how many bytes the memory of unfinished messages has grown since the last call; negative if it shrank. */
  growth(): number {
    const bytes = (this.message?.heldBytes ?? 0) + this.passedBytes;
    const grown = bytes - this.toldBytes;
    this.toldBytes = bytes;
    return grown;
  }

  /** Nothing more comes. */
  discard(): void {
    this.failed = true;
    this.message = undefined;
    this.passedBytes = 0;
  }

  private readHeader(bytes: Buffer, at: number): number {
    const next = this.headers.read(bytes, at);
    if (!this.headers.isWhole) return next;
    const { header, bytes: raw } = this.headers.take();
    const isOurs = this.takes(header);
    if (!isOurs) this.checkText(header);
    if (this.failed) return next;
    this.frame = new Frame(header, isOurs);
    if (!isOurs) this.targets.pass(raw);
    // Nothing more may come for a while.
    if (header.length === 0) this.readPayload(this.frame, raw.subarray(0, 0));
    return next;
  }

  private checkText({ opcode, length }: FrameHeader): void {
    if (opcode >= FIRST_CONTROL) return;
    if (opcode !== CONTINUATION) this.passesText = opcode !== BINARY;
    if (this.passesText && this.passedBytes + length > MAX_TEXT_BYTES) this.fail();
  }

  /** Violations of the protocol are passed to `ws`, which answers them, if it has seen the start of the message. */
  private takes({ opcode, final, extended, mask, length }: FrameHeader): boolean {
    if (opcode >= FIRST_CONTROL) return false;
    if (this.message) {
      const fits = this.message.length + length <= this.maxBytes;
      if (opcode !== CONTINUATION || extended || !mask || !fits) this.fail();
      return true;
    }
    const isLarge = length >= this.largeBytes || (!final && this.largeBytes < Infinity);
    if (opcode !== BINARY || extended || !mask || !isLarge || length > this.maxBytes) return false;
    const expected = final ? length : Math.max(length, this.lastLength);
    this.message = new Message(Math.min(expected, Math.max(AT_ONCE_BYTES, this.lastLength)));
    return true;
  }

  private readPayload(frame: Frame, piece: Buffer): void {
    if (!frame.isOurs) {
      if (piece.length > 0) this.targets.pass(piece);
      if (!frame.isControl) this.passedBytes += piece.length;
    } else if (!this.failed) {
      this.message!.append(piece, frame.maskHere());
    }
    frame.advance(piece.length);
    if (frame.left > 0) return;
    this.frame = undefined;
    if (!frame.isFinal || frame.isControl || this.failed) return;
    if (frame.isOurs) return this.deliver();
    this.passedBytes = 0;
    this.messageNumber++;
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

  get isControl(): boolean {
    return this.header.opcode >= FIRST_CONTROL;
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

  /** The memory need not be cleared: it is not read before it is completely written. */
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
    this.memory = Buffer.from(transferred(this.memory.buffer, bytes));
  }
}

/** Runtimes without `transfer` copy. */
function transferred(buffer: ArrayBuffer, bytes: number): ArrayBuffer {
  if ('transfer' in buffer) return buffer.transfer(bytes);
  const copy = new Uint8Array(bytes);
  copy.set(new Uint8Array(buffer as ArrayBuffer, 0, Math.min(bytes, (buffer as ArrayBuffer).byteLength)));
  return copy.buffer;
}
