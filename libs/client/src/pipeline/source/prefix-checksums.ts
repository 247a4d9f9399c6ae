import { crc32Combine, UploadError } from '@upload-streams/protocol';
import type { Checksum } from '../../ports/checksum.js';
import type { ChunkSource } from '../../ports/chunk-source.js';

/** When the source has to be read again, it is read in pieces of 1 MiB. */
const READ_BYTES = 1024 * 1024;

/** The CRC-32 of the source up to every offset that the server may ask about, so that no byte is hashed twice. */
export class PrefixChecksums {
  /** Offset → CRC-32 of all bytes before it. */
  private readonly known = new Map<number, number>([[0, 0]]);

  constructor(private readonly checksum: Checksum) {}

  /** Adds the chunk that starts at `offset`. Returns the CRC-32 of all bytes up to its end. */
  extend(offset: number, chunkCrc32: number, bytes: number): number {
    const combined = crc32Combine(this.at(offset), chunkCrc32, bytes);
    this.known.set(offset + bytes, combined);
    return combined;
  }

  has(offset: number): boolean {
    return this.known.has(offset);
  }

  /** The server never goes back behind `offset`, so that only the nearest known offset up to there is kept. */
  forgetBefore(offset: number): void {
    const nearest = this.nearest(offset);
    for (const known of this.known.keys()) if (known < nearest) this.known.delete(known);
    this.known.set(0, 0);
  }

  /** The CRC-32 of the first `offset` bytes. Reads the source again from the nearest known offset. */
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
    this.known.set(offset, crc);
    return crc;
  }

  private nearest(offset: number): number {
    let nearest = 0;
    for (const known of this.known.keys()) if (known <= offset && known > nearest) nearest = known;
    return nearest;
  }

  private at(offset: number): number {
    const crc = this.known.get(offset);
    if (crc === undefined) throw new RangeError(`no checksum is known at offset ${offset}`);
    return crc;
  }
}
