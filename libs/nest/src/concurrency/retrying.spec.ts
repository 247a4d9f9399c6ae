import { describe, expect, it } from '@jest/globals';
import { retrying } from './retrying.js';

const answer = (httpStatusCode?: number, name = 'Error') =>
  Object.assign(new Error(name), { name, ...(httpStatusCode && { $metadata: { httpStatusCode } }) });

describe('retrying', () => {
  const never = new AbortController().signal;

  /** Fails so often, then succeeds; gives how often it was done. */
  async function attemptsWith(error: Error, failures = 2, giveUpAfterMs = 10_000): Promise<number> {
    let attempts = 0;
    await retrying(giveUpAfterMs, never, async () => {
      if (attempts++ < failures) throw error;
    });
    return attempts;
  }

  it.each([
    answer(500),
    answer(503, 'SlowDown'),
    answer(429),
    answer(400, 'RequestTimeout'),
    answer(undefined, 'ECONNRESET'),
  ])('does again what failed in passing: %p', async (error) => {
    expect(await attemptsWith(error)).toBe(3);
  });

  it.each([answer(403, 'AccessDenied'), answer(404, 'NoSuchKey'), answer(400, 'InvalidRequest')])(
    'gives up at once what would fail again: %p',
    async (error) => {
      await expect(attemptsWith(error)).rejects.toBe(error);
    },
  );

  it('gives up after a while', async () => {
    const error = answer(500);
    await expect(attemptsWith(error, Infinity, 200)).rejects.toBe(error);
  });

  it('ends its wait when there is no more use for it', async () => {
    const ended = new AbortController();
    const work = retrying(10_000, ended.signal, async () => {
      queueMicrotask(() => ended.abort());
      throw answer(500);
    });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });
});
