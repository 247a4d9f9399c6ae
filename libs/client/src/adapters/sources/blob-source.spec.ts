import { describe, expect, it, jest } from '@jest/globals';
import { Blob } from 'node:buffer';
import { BlobSource } from './blob-source.js';

const FACTS = { fileName: 'a.bin', type: 'x/y', lastModified: 5 };
const LARGE = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 256);

type Stream = ReturnType<globalThis.Blob['stream']>;

/** Node's Blob, whose stream is one of bytes, as a browser's is. */
const blobOf = (content: Uint8Array) => new Blob([content]) as globalThis.Blob;

/** That of a browser which has no streams of bytes. */
function blobWithoutByteStream(content: Uint8Array): globalThis.Blob {
  const blob = blobOf(content);
  const getReader = () => {
    throw new TypeError('this stream is not one of bytes');
  };
  const slice = (start: number, end?: number) =>
    Object.assign(blob.slice(start, end), {
      slice: (from: number, to: number) => blob.slice(start + from, start + to),
      stream: () => ({ getReader }) as unknown as Stream,
    });
  return Object.assign(blobOf(content), { slice });
}

describe.each([
  ['a stream of bytes', blobOf],
  ['slices, where a browser has no streams of bytes', blobWithoutByteStream],
])('BlobSource by %s', (_, blobWith) => {
  const sourceOf = (...content: number[]) => new BlobSource(blobWith(Uint8Array.from(content)), FACTS);

  it('knows its facts', () => {
    expect(sourceOf(1, 2, 3)).toMatchObject({ ...FACTS, size: 3 });
  });

  it('returns the bytes in order, and marks the last', async () => {
    const source = sourceOf(1, 2, 3);
    expect(await source.next(2)).toMatchObject({ bytes: Uint8Array.of(1, 2), last: false });
    expect(await source.next(2)).toMatchObject({ bytes: Uint8Array.of(3), last: true });
  });

  it('is one empty last chunk if the blob is empty', async () => {
    expect(await sourceOf().next(10)).toMatchObject({ bytes: new Uint8Array(0), last: true });
  });

  it('goes on from the offset that it is moved to', async () => {
    const source = sourceOf(1, 2, 3);
    await source.next(3);
    await source.seek(1);
    expect(await source.next(1)).toMatchObject({ bytes: Uint8Array.of(2), last: false });
    expect(await source.next(1)).toMatchObject({ bytes: Uint8Array.of(3), last: true });
  });

  it('fills each chunk, however the browser cuts what it reads', async () => {
    const source = new BlobSource(blobWith(LARGE), FACTS);
    const read: Uint8Array[] = [];
    for (let last = false; !last;) {
      const chunk = await source.next(100_000);
      read.push(chunk.bytes);
      last = chunk.last;
    }
    expect(read.map(({ length }) => length)).toEqual([100_000, 100_000, 100_000]);
    expect(Buffer.concat(read).equals(LARGE)).toBe(true);
  });
});

describe('BlobSource', () => {
  it('reads into the memory of chunks that were given back', async () => {
    const source = new BlobSource(blobOf(LARGE), FACTS);
    const first = await source.next(50_000);
    first.free!();
    const second = await source.next(40_000);
    // Memory that was moved elsewhere leaves nothing behind.
    expect(first.bytes).toHaveLength(0);
    expect(second.bytes.buffer.byteLength).toBe(50_000);
    expect(Buffer.from(second.bytes).equals(LARGE.subarray(50_000, 90_000))).toBe(true);
  });

  it('has no use for memory that is too small', async () => {
    const source = new BlobSource(blobOf(LARGE), FACTS);
    const first = await source.next(100);
    first.free!();
    const second = await source.next(200);
    expect(Buffer.from(second.bytes).equals(LARGE.subarray(100, 300))).toBe(true);
  });

  it('leaves chunks alone that were not given back', async () => {
    const source = new BlobSource(blobOf(LARGE), FACTS);
    const first = await source.next(50_000);
    await source.next(50_000);
    expect(Buffer.from(first.bytes).equals(LARGE.subarray(0, 50_000))).toBe(true);
  });

  it('fails as a source if the file can no longer be read, and reads on where it can again', async () => {
    const gone = new DOMException('The file was removed', 'NotFoundError');
    const blob = blobOf(Uint8Array.of(1, 2, 3));
    const slice = blob.slice.bind(blob);
    const failing = { getReader: () => ({ read: () => Promise.reject(gone), cancel: () => Promise.resolve() }) };
    const broken = { stream: () => failing } as unknown as globalThis.Blob;
    const source = new BlobSource(blob, FACTS);
    blob.slice = () => broken;
    await expect(source.next(2)).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause: gone });
    blob.slice = slice;
    expect(await source.next(2)).toMatchObject({ bytes: Uint8Array.of(1, 2) });
  });

  it('has changed if the file is shorter than it said', async () => {
    const blob = Object.assign(blobOf(Uint8Array.of(1)), { slice: () => blobOf(Uint8Array.of(1)) });
    Object.defineProperty(blob, 'size', { value: 3 });
    await expect(new BlobSource(blob, FACTS).next(3)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('lets the page work between two chunks, even if the browser has all bytes at hand', async () => {
    const blob = blobOf(LARGE);
    const read = (room: Uint8Array) => Promise.resolve({ value: room, done: false });
    const atHand = { stream: () => ({ getReader: () => ({ read, cancel: () => Promise.resolve() }) }) };
    blob.slice = () => atHand as unknown as globalThis.Blob;
    const source = new BlobSource(blob, FACTS);
    let turns = 0;
    let turn = setImmediate(function next() {
      turns++;
      turn = setImmediate(next);
    });
    for (let chunks = 0; chunks < 10; chunks++) await source.next(100);
    clearImmediate(turn);
    expect(turns).toBeGreaterThanOrEqual(9);
  });

  it('uses the chosen file only if its handle may not be read', async () => {
    const denied = { getFile: () => Promise.reject(new DOMException('no permission', 'NotAllowedError')) };
    const source = new BlobSource(blobOf(Uint8Array.of(1, 2, 3)), FACTS, denied);
    expect(await source.verify()).toBe(true);
  });

  it('reads no more once it is closed', async () => {
    const cancelled = jest.fn(() => Promise.resolve());
    const blob = blobOf(Uint8Array.of(1, 2, 3));
    const rest = blob.slice(0);
    const stream = rest.stream();
    const getReader = stream.getReader.bind(stream) as (options: object) => ReadableStreamBYOBReader;
    const watched = (options: object) => Object.assign(getReader(options), { cancel: cancelled });
    blob.slice = () => Object.assign(rest, { stream: () => Object.assign(stream, { getReader: watched }) });
    const source = new BlobSource(blob, FACTS);
    await source.next(1);
    await source.close();
    expect(cancelled).toHaveBeenCalledTimes(1);
  });
});
