import pTimeout from 'p-timeout';

/** What a promise resolves to. Rejects with a TimeoutError where it takes longer than `limitMs`. */
export function withinMs<T>(limitMs: number, awaited: Promise<T>): Promise<T> {
  return pTimeout(awaited, { milliseconds: limitMs, message: `no answer within ${limitMs / 1000} s` });
}
