import { describe, expect, it } from '@jest/globals';
import { Blob } from 'node:buffer';
import { BlobSource } from './blob-source.js';

const FACTS = { fileName: 'a.bin', type: 'x/y', lastModified: 5 };

const sourceOf = (...content: number[]) =>
  new BlobSource(new Blob([Uint8Array.from(content)]) as globalThis.Blob, FACTS);

describe('BlobSource', () => {
  it('knows its facts', () => {
    expect(sourceOf(1, 2, 3)).toMatchObject({ ...FACTS, size: 3 });
  });

  it('gives slices for the wire and their bytes for the checksum, and marks the last', async () => {
    const source = sourceOf(1, 2, 3);
    const first = await source.next(2);
    const second = await source.next(2);
    expect(first).toMatchObject({ bytes: Uint8Array.of(1, 2), last: false });
    expect(second).toMatchObject({ bytes: Uint8Array.of(3), last: true });
    expect(first.payload).toBeInstanceOf(Blob);
    expect(new Uint8Array(await (first.payload as globalThis.Blob).arrayBuffer())).toEqual(first.bytes);
    expect(second.payload).toMatchObject({ size: 1 });
  });

  it('is one empty last chunk where the blob is empty', async () => {
    expect(await sourceOf().next(10)).toMatchObject({ bytes: new Uint8Array(0), last: true });
  });

  it('goes on from where it is moved to', async () => {
    const source = sourceOf(1, 2, 3);
    await source.next(3);
    await source.seek(1);
    expect(await source.next(1)).toMatchObject({ bytes: Uint8Array.of(2), last: false });
  });

  it('fails as a source where the file can no longer be read', async () => {
    const gone = new DOMException('The file was removed', 'NotFoundError');
    const unreadable = { size: 3, slice: () => ({ arrayBuffer: () => Promise.reject(gone) }) };
    const source = new BlobSource(unreadable as unknown as globalThis.Blob, FACTS);
    await expect(source.next(2)).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause: gone });
  });
});
