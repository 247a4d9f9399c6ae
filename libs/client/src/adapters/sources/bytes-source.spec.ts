import { describe, expect, it } from '@jest/globals';
import { BytesSource } from './bytes-source.js';

const sourceOf = (...content: number[]) =>
  new BytesSource(Uint8Array.from(content), { fileName: 'a.bin', type: 'x/y', lastModified: 5 });

describe('BytesSource', () => {
  it('knows its facts', () => {
    expect(sourceOf(1, 2, 3)).toMatchObject({ fileName: 'a.bin', size: 3, type: 'x/y', lastModified: 5 });
  });

  it('returns its bytes in order, at most as many as asked for, and marks the last', async () => {
    const source = sourceOf(1, 2, 3);
    expect(await source.next(2)).toEqual({ bytes: Uint8Array.of(1, 2), last: false });
    expect(await source.next(2)).toEqual({ bytes: Uint8Array.of(3), last: true });
  });

  it('marks the last chunk if it ends exactly with what was asked for', async () => {
    expect(await sourceOf(1, 2).next(2)).toMatchObject({ last: true });
  });

  it('is one empty last chunk if there are no bytes', async () => {
    expect(await sourceOf().next(10)).toMatchObject({ bytes: new Uint8Array(0), last: true });
  });

  it('goes on from the offset that it is moved to', async () => {
    const source = sourceOf(1, 2, 3);
    await source.next(3);
    await source.seek(1);
    expect(await source.next(10)).toMatchObject({ bytes: Uint8Array.of(2, 3), last: true });
  });
});
