import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { Blob } from 'node:buffer';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { StreamSource, type StreamSourceOptions } from './stream-source.js';

type Piece = Uint8Array | string;

const bytes = (...values: number[]) => Uint8Array.from(values);

const streamOf = (...pieces: Piece[]) => Readable.from(pieces);

function sourceOf(stream: Readable, options: Partial<StreamSourceOptions> = {}) {
  const facts = { fileName: 'live', size: undefined, type: undefined, lastModified: undefined };
  return new StreamSource(stream, { ...facts, bufferBytes: 1000, ...options });
}

/** Reads to the last chunk. */
async function readAll(source: StreamSource, maxBytes = 1000) {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const { bytes, last } = await source.next(maxBytes);
    chunks.push(bytes);
    if (last) return Buffer.concat(chunks);
  }
}

describe('StreamSource', () => {
  it('returns a stream of unknown length to its end', async () => {
    const source = sourceOf(streamOf(bytes(1, 2, 3), bytes(4)));
    expect(source.size).toBeUndefined();
    expect(await source.next(2)).toMatchObject({ bytes: bytes(1, 2), last: false });
    expect(await source.next(2)).toMatchObject({ bytes: bytes(3), last: false });
    expect(await source.next(2)).toMatchObject({ bytes: bytes(4), last: false });
    expect(await source.next(2)).toMatchObject({ bytes: bytes(), last: true });
  });

  it('returns the bytes of any stream, cut in any way', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 30 }), async (given, maxBytes) => {
        expect(await readAll(sourceOf(streamOf(...given)), maxBytes)).toEqual(Buffer.concat(given));
      }),
    );
  });

  it('is one empty last chunk if the stream is empty', async () => {
    expect(await sourceOf(streamOf()).next(10)).toMatchObject({ bytes: bytes(), last: true });
    expect(await sourceOf(streamOf(), { size: 0 }).next(10)).toMatchObject({ bytes: bytes(), last: true });
  });

  it('reads strings as UTF-8', async () => {
    expect(await readAll(sourceOf(streamOf('grün', bytes(33))))).toEqual(Buffer.from('grün!'));
  });

  it('reads streams of Node and of the web', async () => {
    expect(await readAll(sourceOf(Readable.from([bytes(1, 2), bytes(3)])))).toEqual(Buffer.of(1, 2, 3));
    const web = new Blob([bytes(1, 2, 3)]).stream() as ReadableStream<Uint8Array>;
    expect(await readAll(sourceOf(Readable.fromWeb(web)))).toEqual(Buffer.of(1, 2, 3));
  });

  it('marks the last chunk of a known length without waiting for the end of the stream', async () => {
    const stream = new Readable({ read: () => undefined });
    stream.push(bytes(1, 2));
    expect(await sourceOf(stream, { size: 2 }).next(10)).toMatchObject({ bytes: Buffer.of(1, 2), last: true });
  });

  it('fails as a source if the stream ends before its length', async () => {
    const source = sourceOf(streamOf(bytes(1, 2)), { size: 3 });
    await expect(readAll(source)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  });

  it('fails as a source if the stream gives more than its length', async () => {
    const source = sourceOf(streamOf(bytes(1, 2), bytes(3, 4)), { size: 3 });
    await expect(readAll(source)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  });

  it('fails as a source if the stream does', async () => {
    const broken = new Error('broken');
    const stream = new Readable({ read: () => stream.destroy(broken) });
    await expect(sourceOf(stream).next(10)).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause: broken });
  });

  it('goes back to what is not yet durable, and reads the same bytes again', async () => {
    const source = sourceOf(streamOf(bytes(1, 2), bytes(3, 4), bytes(5, 6)));
    await readAll(source);
    source.release(2);
    await source.seek(3);
    expect(await readAll(source)).toEqual(Buffer.of(4, 5, 6));
    await source.seek(2);
    expect(await readAll(source)).toEqual(Buffer.of(3, 4, 5, 6));
  });

  it('can go back to the middle of a piece of which a part is durable', async () => {
    const source = sourceOf(streamOf(bytes(1, 2, 3, 4)));
    await readAll(source);
    source.release(2);
    await source.seek(2);
    expect(await readAll(source)).toEqual(Buffer.of(3, 4));
  });

  it('can not go back before what was released, nor beyond what was read', async () => {
    const source = sourceOf(streamOf(bytes(1, 2), bytes(3, 4)));
    await source.next(2);
    source.release(2);
    await expect(source.seek(0)).rejects.toMatchObject({ code: 'SOURCE_NOT_REREADABLE' });
    await expect(source.seek(3)).rejects.toMatchObject({ code: 'SOURCE_NOT_REREADABLE' });
    await source.seek(2);
  });

  it('asks once for a flush when its buffer is full, and reads on only when something is durable', async () => {
    const source = sourceOf(streamOf(bytes(1, 1), bytes(2, 2), bytes(3, 3)), { bufferBytes: 4 });
    await source.next(10);
    await source.next(10);
    expect(await source.next(10)).toMatchObject({ bytes: bytes(), last: false });

    const onNext = jest.fn();
    const next = source.next(10).then((chunk) => {
      onNext();
      return chunk;
    });
    await settle();
    source.release(1);
    await settle();
    expect(onNext).not.toHaveBeenCalled();

    source.release(2);
    expect(await next).toMatchObject({ bytes: bytes(3, 3), last: false });
  });

  it('asks for a flush again after it went back', async () => {
    const source = sourceOf(streamOf(bytes(1, 2), bytes(3)), { bufferBytes: 2 });
    await source.next(10);
    expect(await source.next(10)).toMatchObject({ bytes: bytes(), last: false });
    await source.seek(0);
    expect(await source.next(10)).toMatchObject({ bytes: bytes(1, 2) });
    expect(await source.next(10)).toMatchObject({ bytes: bytes(), last: false });
  });

  it('reads what it has kept even while its buffer is full', async () => {
    const source = sourceOf(streamOf(bytes(1, 2, 3, 4)), { bufferBytes: 2 });
    expect(await source.next(3)).toMatchObject({ bytes: bytes(1, 2, 3) });
    expect(await source.next(3)).toMatchObject({ bytes: bytes(4) });
  });

  it('ends an interrupted read that waits for room at once, and goes back to what is not durable', async () => {
    const source = sourceOf(streamOf(bytes(1, 2), bytes(3)), { bufferBytes: 2 });
    await source.next(10);
    await source.next(10);
    const next = source.next(10);
    source.interrupt();
    expect(await next).toMatchObject({ bytes: bytes(), last: false });
    await source.seek(0);
    expect(await source.next(10)).toMatchObject({ bytes: bytes(1, 2), last: false });
    expect(await source.next(10)).toMatchObject({ bytes: bytes(), last: false });
    source.release(2);
    expect(await source.next(10)).toMatchObject({ bytes: bytes(3), last: false });
  });

  it('ends an interrupted read that waits for the stream at once, and loses no byte', async () => {
    const stream = new Readable({ read: () => undefined });
    const source = sourceOf(stream);
    const next = source.next(10);
    source.interrupt();
    expect(await next).toMatchObject({ bytes: bytes(), last: false });
    stream.push(bytes(1, 2));
    stream.push(null);
    expect(await readAll(source)).toEqual(Buffer.of(1, 2));
  });

  it('takes no stream that failed after an interrupted read for one that ended', async () => {
    const broken = new Error('broken');
    const stream = new Readable({ read: () => undefined });
    const source = sourceOf(stream);
    const next = source.next(10);
    source.interrupt();
    await next;
    stream.destroy(broken);
    await settle();
    await expect(source.next(10)).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause: broken });
  });

  it('keeps the error of a stream that fails before it is read', async () => {
    const broken = new Error('broken');
    const stream = new Readable({ read: () => undefined });
    const source = sourceOf(stream);
    stream.destroy(broken);
    await settle();
    await expect(source.next(10)).rejects.toMatchObject({ code: 'SOURCE_FAILED', cause: broken });
  });

  it('ends a read that waits for room when it is closed', async () => {
    const source = sourceOf(streamOf(bytes(1, 2), bytes(3)), { bufferBytes: 2 });
    await source.next(10);
    await source.next(10);
    const next = source.next(10);
    await source.close();
    await expect(next).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  });

  it('ends a read that waits for the stream when it is closed', async () => {
    const stream = new Readable({ read: () => undefined });
    const source = sourceOf(stream);
    const next = source.next(10);
    await settle();
    await source.close();
    await expect(next).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(stream.destroyed).toBe(true);
  });

  it('closes a stream that it has never read', async () => {
    const stream = new Readable({ read: () => undefined });
    await sourceOf(stream).close();
    expect(stream.destroyed).toBe(true);
  });

  it('closes a stream that it has not read to its end', async () => {
    const stream = Readable.from([bytes(1), bytes(2)]);
    const source = sourceOf(stream);
    await source.next(10);
    await source.close();
    expect(stream.destroyed).toBe(true);
  });
});

/** Lets promises settle that are ready. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
