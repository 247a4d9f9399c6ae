import { crc32Combine, UploadError } from '@upload-streams/protocol';
import type { ChunkSource } from '../../ports/chunk-source.js';

/** CRC-32 as zlib has it; `previous` is the CRC of what came before. */
export type Checksum = (bytes: Uint8Array, previous?: number) => number;

/** The source is read in pieces of 1 MiB where it has to be read again. */
const READ_BYTES = 1024 * 1024;

/** The CRC-32 of the source up to every offset that the server may ask about, so that nothing is hashed twice. */
export class PrefixChecksum {
  private marks = new Map<number, number>([[0, 0]]);

  constructor(private readonly checksum: Checksum) {}

  /** The next chunk starts at `offset` and has this CRC-32: gives the one of all up to its end. */
  extend(offset: number, chunkCrc32: number, bytes: number): number {
    const combined = crc32Combine(this.at(offset), chunkCrc32, bytes);
    this.marks.set(offset + bytes, combined);
    return combined;
  }

  has(offset: number): boolean {
    return this.marks.has(offset);
  }

  /** The server has all before `offset` and will not go back: only the nearest point up to there is kept. */
  forgetBefore(offset: number): void {
    const nearest = this.nearest(offset);
    for (const mark of this.marks.keys()) if (mark < nearest) this.marks.delete(mark);
    this.marks.set(0, 0);
  }

  /** The CRC-32 of the first `offset` bytes, reading the source again from the nearest point known. */
  async compute(source: ChunkSource, offset: number): Promise<number> {
    let position = this.nearest(offset);
    let crc = this.at(position);
    if (position < offset) await source.seek(position);
    while (position < offset) {
      const { bytes, last, free } = await source.next(Math.min(READ_BYTES, offset - position));
      crc = this.checksum(bytes, crc);
      position += bytes.length;
      if (position < offset && (last || bytes.length === 0)) throw new UploadError('SOURCE_CHANGED');
      free?.();
    }
    this.marks.set(offset, crc);
    return crc;
  }

  private nearest(offset: number): number {
    let nearest = 0;
    for (const mark of this.marks.keys()) if (mark <= offset && mark > nearest) nearest = mark;
    return nearest;
  }

  private at(offset: number): number {
    const crc = this.marks.get(offset);
    if (crc === undefined) throw new RangeError(`no checksum is known at offset ${offset}`);
    return crc;
  }
}
