/** The header of a frame (https://www.rfc-editor.org/rfc/rfc6455#section-5.2). */
export interface FrameHeader {
  readonly final: boolean;
  /** Whether bits are set that have a meaning only with an extension. */
  readonly extended: boolean;
  readonly opcode: number;
  /** The four bytes of the mask; undefined if the payload is not masked. */
  readonly mask: Buffer | undefined;
  /** Bytes of payload. */
  readonly length: number;
}

export const CONTINUATION = 0;
export const BINARY = 2;
/** The first opcode of control frames, which may come between the fragments of a message. */
export const FIRST_CONTROL = 8;

const MAX_HEADER_BYTES = 14;
const LENGTH_IN_TWO_BYTES = 126;
const LENGTH_IN_EIGHT_BYTES = 127;

/** Reads headers, which may arrive in pieces. */
export class FrameHeaderReader {
  private readonly scratch = Buffer.alloc(MAX_HEADER_BYTES);
  private filled = 0;

  /** Reads from `at` until the header is complete or `bytes` end. Returns the position after the last byte read. */
  read(bytes: Uint8Array, at: number): number {
    let next = at;
    while (next < bytes.length && !this.isWhole) this.scratch[this.filled++] = bytes[next++]!;
    return next;
  }

  /** Whether part of a header has been read. */
  get isBegun(): boolean {
    return this.filled > 0;
  }

  get isWhole(): boolean {
    return this.filled >= 2 && this.filled >= this.size;
  }

  /** Returns the complete header and its bytes, and prepares for the next header. */
  take(): { readonly header: FrameHeader; readonly bytes: Buffer } {
    const { scratch, maskBytes, size } = this;
    const bytes = Buffer.from(scratch.subarray(0, size));
    const first = bytes[0]!;
    const header: FrameHeader = {
      final: (first & 0x80) !== 0,
      extended: (first & 0x70) !== 0,
      opcode: first & 0x0f,
      mask: maskBytes > 0 ? bytes.subarray(size - maskBytes) : undefined,
      length: this.payloadLength,
    };
    this.filled = 0;
    return { header, bytes };
  }

  private get shortLength(): number {
    return this.scratch[1]! & 0x7f;
  }

  private get maskBytes(): number {
    return (this.scratch[1]! & 0x80) === 0 ? 0 : 4;
  }

  private get lengthBytes(): number {
    if (this.shortLength === LENGTH_IN_TWO_BYTES) return 2;
    return this.shortLength === LENGTH_IN_EIGHT_BYTES ? 8 : 0;
  }

  private get size(): number {
    return 2 + this.lengthBytes + this.maskBytes;
  }

  /** Lengths beyond the safe integers are not exact, but they exceed every limit anyway. */
  private get payloadLength(): number {
    if (this.lengthBytes === 2) return this.scratch.readUInt16BE(2);
    return this.lengthBytes === 8 ? Number(this.scratch.readBigUInt64BE(2)) : this.shortLength;
  }
}
