import { FIRST_CONTROL, type FrameHeader } from './frame-header.js';

/** A frame whose payload is being read. */
export class Frame {
  private at = 0;
  private readonly shifted = Buffer.alloc(4);

  /** `isTaken`: whether the payload goes to `LargeMessages` instead of `ws`. */
  constructor(
    private readonly header: FrameHeader,
    readonly isTaken: boolean,
  ) {}

  get isFinal(): boolean {
    return this.header.final;
  }

  get isControl(): boolean {
    return this.header.opcode >= FIRST_CONTROL;
  }

  /** Bytes of payload that have not arrived yet. */
  get left(): number {
    return this.header.length - this.at;
  }

  advance(bytes: number): void {
    this.at += bytes;
  }

  /** The mask, shifted so that it begins at the next byte of the payload. */
  maskHere(): Buffer {
    for (let n = 0; n < 4; n++) this.shifted[n] = this.header.mask![(this.at + n) & 3]!;
    return this.shifted;
  }
}
