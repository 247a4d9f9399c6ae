import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UploadError, type ErrorCode } from '@upload-streams/protocol';
import { BehaviorSubject, concat, defer, filter, NEVER, of, Subject, throwError, type Observable } from 'rxjs';
import { retryByRecovery, type RecoveryOptions } from './retry-by-recovery.js';

const MIN = 100;
const MAX = 1000;

/** What the operator emits by itself, before a wait. */
const NOTICE = 'notice';

/** Subscribes to attempts, the n-th of which `attempt(n)` gives, and keeps a record of what happens. */
function observe(attempt: (index: number) => Observable<string>, options: Partial<RecoveryOptions<string>> = {}) {
  const record = {
    attempts: 0,
    waits: [] as [code: ErrorCode, delayMs: number | undefined][],
    restarts: [] as ErrorCode[],
    values: [] as string[],
    error: undefined as unknown,
  };
  const source = defer(() => attempt(record.attempts++));
  const subscription = source
    .pipe(
      retryByRecovery({
        minDelayMs: MIN,
        maxDelayMs: MAX,
        maxAttempts: 20,
        giveUpAfterMs: Infinity,
        isUnderWay: (value) => value === 'begun',
        online$: of(true),
        isProgress: (value) => value === 'progress',
        waiting: (reason, delayMs) => {
          record.waits.push([reason.code, delayMs]);
          return NOTICE;
        },
        restart: (reason) => {
          record.restarts.push(reason.code);
          return NOTICE;
        },
        ...options,
      }),
    )
    .pipe(filter((value) => value !== NOTICE))
    .subscribe({ next: (value) => record.values.push(value), error: (error) => (record.error = error) });
  return { record, subscription };
}

const fails = (code: ErrorCode, details?: Record<string, number>) => throwError(() => new UploadError(code, details));

describe('retryByRecovery', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('emits what the upload says of a restart and of a wait, before the next attempt', () => {
    const values: string[] = [];
    let attempts = 0;
    defer(() => (attempts++ === 0 ? fails('SOURCE_CHANGED') : of('done')))
      .pipe(
        retryByRecovery({
          minDelayMs: MIN,
          maxDelayMs: MAX,
          maxAttempts: 20,
          giveUpAfterMs: Infinity,
          online$: of(true),
          isUnderWay: () => false,
          isProgress: () => false,
          waiting: ({ code }) => `waiting after ${code}`,
          restart: () => 'restarted',
        }),
      )
      .subscribe({ next: (value) => values.push(value), complete: () => values.push('complete') });
    jest.advanceTimersByTime(MIN);
    expect(values).toEqual(['restarted', 'waiting after SOURCE_CHANGED', 'done', 'complete']);
  });

  it('passes a fatal error on at once', () => {
    const { record } = observe(() => fails('FILE_TOO_LARGE'));
    expect(record).toMatchObject({ attempts: 1, waits: [], error: { code: 'FILE_TOO_LARGE' } });
  });

  it.each<ErrorCode>(['CONNECTION_LOST', 'OFFSET_MISMATCH', 'SOURCE_CHANGED'])('tries again after %s', (code) => {
    const { record } = observe((index) => (index === 0 ? fails(code) : of('done')));
    jest.advanceTimersByTime(MIN);
    expect(record).toMatchObject({ attempts: 2, values: ['done'], error: undefined });
    expect(record.waits).toHaveLength(1);
  });

  it('takes an unknown error for INTERNAL, and tries again', () => {
    const { record } = observe((index) => (index === 0 ? throwError(() => new TypeError('oops')) : NEVER));
    jest.advanceTimersByTime(MIN);
    expect(record.attempts).toBe(2);
    expect(record.waits[0]![0]).toBe('INTERNAL');
  });

  it('waits for the delay that it announced, and no longer', () => {
    const { record } = observe((index) => (index === 0 ? fails('CONNECTION_LOST') : NEVER));
    const delayMs = record.waits[0]![1]!;
    jest.advanceTimersByTime(delayMs - 1);
    expect(record.attempts).toBe(1);
    jest.advanceTimersByTime(1);
    expect(record.attempts).toBe(2);
  });

  it.each([
    [0, [50, 100, 200, 400, 500, 500]],
    [1 - Number.EPSILON, [100, 200, 400, 800, 1000, 1000]],
  ])(
    'doubles its waits up to the longest, with jitter between half and all of each (random %d)',
    (random, expected) => {
      jest.spyOn(Math, 'random').mockReturnValue(random);
      const { record } = observe((index) => (index < 6 ? fails('CONNECTION_LOST') : NEVER));
      jest.advanceTimersByTime(10 * MAX);
      expect(record.waits.map(([, delayMs]) => delayMs)).toEqual(expected);
    },
  );

  it('makes clients of one server wait for different times', () => {
    const delays = Array.from({ length: 50 }, () => observe(() => fails('CONNECTION_LOST')).record.waits[0]![1]!);
    expect(new Set(delays).size).toBeGreaterThan(5);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(MIN / 2);
    expect(Math.max(...delays)).toBeLessThanOrEqual(MIN);
  });

  it('waits the shortest again after progress, and only after progress', () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const { record } = observe((index) => {
      if (index > 4) return NEVER;
      return concat(of(index === 3 ? 'progress' : 'connecting'), fails('CONNECTION_LOST'));
    });
    jest.advanceTimersByTime(10 * MAX);
    expect(record.waits.map(([, delayMs]) => delayMs)).toEqual([50, 100, 200, 50, 100]);
  });

  it('comes back no earlier than a server asks for, even beyond the longest wait', () => {
    const { record } = observe((index) => (index === 0 ? fails('SERVER_DRAINING', { reconnectInMs: 5000 }) : NEVER));
    expect(record.waits).toEqual([['SERVER_DRAINING', 5000]]);
    jest.advanceTimersByTime(4999);
    expect(record.attempts).toBe(1);
    jest.advanceTimersByTime(1);
    expect(record.attempts).toBe(2);
  });

  it('waits its own time if a server asks for less', () => {
    const { record } = observe((index) => (index === 0 ? fails('SERVER_DRAINING', { reconnectInMs: 1 }) : NEVER));
    expect(record.waits[0]![1]).toBeGreaterThanOrEqual(MIN / 2);
  });

  it('waits without a delay while there is no network, says so, and goes on once there is one', () => {
    const online$ = new BehaviorSubject(false);
    const { record } = observe((index) => (index === 0 ? fails('CONNECTION_LOST') : NEVER), { online$ });
    expect(record.waits).toEqual([['OFFLINE', undefined]]);
    jest.advanceTimersByTime(3_600_000);
    expect(record.attempts).toBe(1);
    online$.next(true);
    expect(record.waits[1]).toEqual(['CONNECTION_LOST', expect.any(Number)]);
    jest.advanceTimersByTime(MIN);
    expect(record.attempts).toBe(2);
  });

  it('waits at most the first delay once the network is back, however many attempts failed before', () => {
    const online$ = new BehaviorSubject(true);
    const { record } = observe((index) => (index < 6 ? fails('CONNECTION_LOST') : NEVER), { online$ });
    jest.advanceTimersByTime(2 * MAX);
    online$.next(false);
    online$.next(true);
    const attempts = record.attempts;
    jest.advanceTimersByTime(MIN);
    expect(record.attempts).toBe(attempts + 1);
  });

  it('stops its clock when the network goes while it waits', () => {
    const online$ = new BehaviorSubject(true);
    const { record } = observe((index) => (index === 0 ? fails('CONNECTION_LOST') : NEVER), { online$ });
    online$.next(false);
    jest.advanceTimersByTime(10 * MAX);
    expect(record.attempts).toBe(1);
  });

  it('restarts if the error says so, and only then', () => {
    const codes: ErrorCode[] = ['CONNECTION_LOST', 'SOURCE_CHANGED', 'OFFSET_MISMATCH', 'SESSION_MISMATCH'];
    const { record } = observe((index) => (codes[index] ? fails(codes[index]) : NEVER));
    jest.advanceTimersByTime(10 * MAX);
    expect(record.restarts).toEqual(['SOURCE_CHANGED', 'SESSION_MISMATCH']);
  });

  it('gives up when the restart does, with what it threw', () => {
    const restart = (reason: UploadError) => {
      throw reason;
    };
    const { record } = observe(() => fails('SOURCE_CHANGED'), { restart });
    expect(record).toMatchObject({ attempts: 1, waits: [], error: { code: 'SOURCE_CHANGED' } });
  });

  it('tries no more once it is unsubscribed during a wait', () => {
    const { record, subscription } = observe(() => fails('CONNECTION_LOST'));
    subscription.unsubscribe();
    jest.advanceTimersByTime(10 * MAX);
    expect(record.attempts).toBe(1);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('leaves the network alone once it is unsubscribed while offline', () => {
    const online$ = new BehaviorSubject(false);
    const { subscription } = observe(() => fails('CONNECTION_LOST'), { online$ });
    subscription.unsubscribe();
    expect(online$.observed).toBe(false);
  });

  it('counts attempts for each subscriber on its own', () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const waits: (number | undefined)[] = [];
    const retried$ = new Subject<string>().pipe((source) =>
      concat(
        defer(() => fails('CONNECTION_LOST')),
        source,
      ).pipe(
        retryByRecovery<string>({
          minDelayMs: MIN,
          maxDelayMs: MAX,
          maxAttempts: 20,
          giveUpAfterMs: Infinity,
          online$: of(true),
          isUnderWay: () => false,
          isProgress: () => false,
          waiting: (_reason, delayMs) => {
            waits.push(delayMs);
            return NOTICE;
          },
          restart: () => NOTICE,
        }),
      ),
    );
    retried$.subscribe();
    retried$.subscribe();
    expect(waits).toEqual([50, 50]);
  });

  describe('gives up', () => {
    /** Lets a long time pass, wait by wait. */
    const pass = (ms: number) => {
      for (let at = 0; at < ms; at += MAX) jest.advanceTimersByTime(MAX);
    };

    it.each<ErrorCode>(['INTERNAL', 'STORAGE_FAILED', 'CHECKSUM_MISMATCH', 'OFFSET_MISMATCH', 'UNAVAILABLE'])(
      'after so many failures with %s in a row, with that error',
      (code) => {
        const { record } = observe(() => fails(code), { maxAttempts: 5 });
        pass(60_000);
        expect(record).toMatchObject({ attempts: 5, error: { code } });
      },
    );

    it('not because of failures between which it got further', () => {
      const { record } = observe(() => concat(of('progress'), fails('INTERNAL')), { maxAttempts: 5 });
      pass(60_000);
      expect(record.attempts).toBeGreaterThan(100);
      expect(record.error).toBeUndefined();
    });

    it.each<ErrorCode>(['CONNECTION_LOST', 'ACK_TIMEOUT', 'SERVER_DRAINING', 'STORAGE_FULL', 'TOO_MANY_SESSIONS'])(
      'not while it waits for better times: %s',
      (code) => {
        const { record } = observe(() => fails(code), { maxAttempts: 5 });
        pass(3_600_000);
        expect(record.attempts).toBeGreaterThan(1000);
        expect(record.error).toBeUndefined();
      },
    );

    it('once it failed for giveUpAfterMs, in the midst of a wait, with the last error', () => {
      const { record } = observe((index) => fails(index === 0 ? 'STORAGE_FULL' : 'CONNECTION_LOST'), {
        giveUpAfterMs: 5050,
      });
      jest.advanceTimersByTime(5049);
      expect(record.error).toBeUndefined();
      jest.advanceTimersByTime(1);
      expect(record.error).toMatchObject({ code: 'CONNECTION_LOST' });
      const { attempts } = record;
      pass(60_000);
      expect(record.attempts).toBe(attempts);
    });

    it('while there is no network', () => {
      const { record } = observe(() => fails('CONNECTION_LOST'), { online$: of(false), giveUpAfterMs: 5000 });
      jest.advanceTimersByTime(5000);
      expect(record.error).toMatchObject({ code: 'CONNECTION_LOST' });
    });

    it('not while the other side is at work, and at its next failure then', () => {
      const failing = new Subject<string>();
      const { record } = observe((index) => (index === 0 ? fails('CONNECTION_LOST') : concat(of('begun'), failing)), {
        giveUpAfterMs: 1000,
      });
      pass(60_000);
      expect(record.error).toBeUndefined();
      failing.error(new UploadError('STORAGE_FULL'));
      expect(record.error).toMatchObject({ code: 'STORAGE_FULL' });
    });

    it('not for progress that came since', () => {
      const { record } = observe((index) => (index === 0 ? fails('CONNECTION_LOST') : concat(of('progress'), NEVER)), {
        giveUpAfterMs: 1000,
      });
      pass(60_000);
      expect(record.error).toBeUndefined();
    });
  });

  it.each(['reconnectInMs', 'retryAfterMs'])('waits at least for the %s of the error', (name) => {
    const { record } = observe(() => fails('UNAVAILABLE', { [name]: 4321 }));
    expect(record.waits).toEqual([['UNAVAILABLE', 4321]]);
  });
});
