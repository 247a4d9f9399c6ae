import { FIRST_CONTROL, type FrameHeader } from './frame-header.js';

/** A frame whose payload is being read. */
export class Frame {
  private at = 0;
  private readonly shifted = Buffer.alloc(4);

  /** `isTaken`: whether its payload does not go to `ws`. */
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

  /** Bytes of payload that are still to come. */
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
