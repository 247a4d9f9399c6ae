import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { crc32 } from '@upload-streams/protocol';
import { BytesSource } from '../../adapters/sources/bytes-source.js';
import type { SourceChunk } from '../../ports/chunk-source.js';
import { CheckedSource } from './checked-source.js';

const CONTENT = Uint8Array.from({ length: 100 }, (_, index) => index * 7);
const FACTS = { fileName: 'a.bin', type: undefined, lastModified: undefined };

describe('CheckedSource', () => {
  let bytes: BytesSource;
  let source: CheckedSource;

  beforeEach(() => {
    bytes = new BytesSource(CONTENT, FACTS);
    source = new CheckedSource(bytes, crc32);
  });

  it('reads chunk after chunk, and the last one with the checksum of the file', async () => {
    await source.startAt(0, 0);
    const first = await source.read(60);
    const last = await source.read(60);
    expect(first.payload).toEqual({
      offset: 0,
      chunk: CONTENT.subarray(0, 60),
      crc32: expect.any(Number),
      last: false,
    });
    expect(last.payload).toMatchObject({ offset: 60, last: true, fileCrc32: crc32(CONTENT) });
  });

  it('starts at an offset only if the bytes before it are the same', async () => {
    await source.startAt(30, crc32(CONTENT.subarray(0, 30)));
    expect((await source.read(10)).payload.offset).toBe(30);
    await expect(source.startAt(30, 1)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await expect(source.compare(101, 1)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('knows the checksums of what it has read, until a restart', async () => {
    await source.startAt(0, 0);
    await source.read(60);
    expect(source.knows(60)).toBe(true);
    source.restart();
    expect(source.knows(60)).toBe(false);
  });

  it('throws away a read that a lost connection has left behind, and reads those bytes again', async () => {
    let finish = (_chunk: SourceChunk) => undefined as void;
    await source.startAt(0, 0);
    jest.spyOn(bytes, 'next').mockReturnValueOnce(new Promise((resolve) => (finish = resolve)));
    const abandoned = source.read(60);
    const started = source.startAt(0, 0);
    finish({ bytes: CONTENT.subarray(0, 60), last: false });
    await expect(abandoned).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await started;
    expect((await source.read(60)).payload).toMatchObject({ offset: 0, chunk: CONTENT.subarray(0, 60) });
  });
});
