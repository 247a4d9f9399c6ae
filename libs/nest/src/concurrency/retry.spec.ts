import { describe, expect, it } from '@jest/globals';
import { retry } from './retry.js';

describe('retry', () => {
  const never = new AbortController().signal;
  const passing = new Error('it may pass');

  /** Fails a few times, then succeeds; returns how often it was called. */
  async function attempts(
    failures: number,
    options: { giveUpAfterMs?: number; firstWaitMs?: number; signal?: AbortSignal } = {},
  ) {
    let made = 0;
    const work = async () => {
      if (made++ < failures) throw passing;
    };
    const shouldRetry = (error: unknown) => error === passing;
    await retry(work, { giveUpAfterMs: 10_000, signal: never, shouldRetry, firstWaitMs: 1, ...options });
    return made;
  }

  it('repeats work until it succeeds', async () => {
    expect(await attempts(3)).toBe(4);
  });

  it('throws an error that does not pass at once', async () => {
    const final = new Error('it stays');
    let made = 0;
    const work = () => {
      made++;
      return Promise.reject(final);
    };
    const retried = retry(work, { giveUpAfterMs: 10_000, signal: never, shouldRetry: (error) => error !== final });
    await expect(retried).rejects.toBe(final);
    expect(made).toBe(1);
  });

  it('throws the last error once it has failed for too long', async () => {
    await expect(attempts(Infinity, { giveUpAfterMs: 50 })).rejects.toBe(passing);
  });

  it('retries nothing once the signal has aborted', async () => {
    await expect(attempts(1, { signal: AbortSignal.abort() })).rejects.toBe(passing);
  });

  it('retries at least once, however short the time is, where the first error comes within it', async () => {
    expect(await attempts(1, { giveUpAfterMs: 50, firstWaitMs: 100 })).toBe(2);
  });

  it('ends its wait when the signal aborts', async () => {
    const ended = new AbortController();
    const work = () => {
      setImmediate(() => ended.abort());
      return Promise.reject(passing);
    };
    const options = { giveUpAfterMs: 600_000, firstWaitMs: 60_000, longestWaitMs: 60_000, shouldRetry: () => true };
    await expect(retry(work, { ...options, signal: ended.signal })).rejects.toMatchObject({ name: 'AbortError' });
  });
});
