import { describe, expect, it } from '@jest/globals';
import { crc32 } from '@upload-streams/protocol';
import fc from 'fast-check';
import { BytesSource } from '../../adapters/sources/bytes-source.js';
import { PrefixChecksums } from './prefix-checksums.js';

const MIB = 1024 * 1024;

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 0xff);

/** A source that keeps a record of what was read of it. */
class RecordingSource extends BytesSource {
  readonly reads: [offset: number, maxBytes: number][] = [];
  private at = 0;

  constructor(content: Uint8Array) {
    super(content, { fileName: 'a', type: undefined, lastModified: undefined });
  }

  override async seek(offset: number) {
    this.at = offset;
    return super.seek(offset);
  }

  override async next(maxBytes: number) {
    this.reads.push([this.at, maxBytes]);
    const chunk = await super.next(maxBytes);
    this.at += chunk.bytes.length;
    return chunk;
  }
}

describe('PrefixChecksums', () => {
  it('returns the CRC-32 of all bytes up to the end of each chunk, whatever the chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 }), (chunks) => {
        const checksums = new PrefixChecksums(crc32);
        let offset = 0;
        for (const [index, chunk] of chunks.entries()) {
          const combined = checksums.extend(offset, crc32(chunk), chunk.length);
          expect(combined).toBe(crc32(Buffer.concat(chunks.slice(0, index + 1))));
          offset += chunk.length;
        }
      }),
    );
  });

  it('knows nothing but the start at first, and then the end of every chunk', () => {
    const checksums = new PrefixChecksums(crc32);
    expect(checksums.has(0)).toBe(true);
    expect(checksums.has(10)).toBe(false);
    checksums.extend(0, 1, 10);
    expect(checksums.has(10)).toBe(true);
    expect(checksums.has(5)).toBe(false);
  });

  it('reads a source that it does not know from its start, a mebibyte at a time', async () => {
    const content = bytesOf(2 * MIB + 10);
    const source = new RecordingSource(content);
    expect(await new PrefixChecksums(crc32).compute(source, content.length)).toBe(crc32(content));
    expect(source.reads).toEqual([
      [0, MIB],
      [MIB, MIB],
      [2 * MIB, 10],
    ]);
  });

  it('reads nothing if the checksum is known', async () => {
    const content = bytesOf(100);
    const source = new RecordingSource(content);
    const checksums = new PrefixChecksums(crc32);
    checksums.extend(0, crc32(content.subarray(0, 60)), 60);
    expect(await checksums.compute(source, 60)).toBe(crc32(content.subarray(0, 60)));
    expect(source.reads).toEqual([]);
  });

  it('reads only from the nearest point that it knows, and knows the result afterwards', async () => {
    const content = bytesOf(100);
    const source = new RecordingSource(content);
    const checksums = new PrefixChecksums(crc32);
    checksums.extend(0, crc32(content.subarray(0, 60)), 60);
    expect(await checksums.compute(source, 70)).toBe(crc32(content.subarray(0, 70)));
    expect(source.reads).toEqual([[60, 10]]);
    expect(checksums.has(70)).toBe(true);
  });

  it('forgets all before an offset but the nearest point and the start', () => {
    const checksums = new PrefixChecksums(crc32);
    for (const offset of [0, 10, 20, 30]) checksums.extend(offset, 1, 10);
    checksums.forgetBefore(25);
    expect([0, 10, 20, 30, 40].filter((offset) => checksums.has(offset))).toEqual([0, 20, 30, 40]);
  });

  it('goes on from the nearest point after it forgot', () => {
    const content = bytesOf(40);
    const checksums = new PrefixChecksums(crc32);
    for (const offset of [0, 10, 20]) checksums.extend(offset, crc32(content.subarray(offset, offset + 10)), 10);
    checksums.forgetBefore(30);
    expect(checksums.extend(30, crc32(content.subarray(30)), 10)).toBe(crc32(content));
  });

  it('takes a source that ends before the offset for changed', async () => {
    const source = new RecordingSource(bytesOf(50));
    await expect(new PrefixChecksums(crc32).compute(source, 60)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('refuses to go on from an offset whose checksum it never had', () => {
    expect(() => new PrefixChecksums(crc32).extend(5, 1, 10)).toThrow(RangeError);
  });
});
