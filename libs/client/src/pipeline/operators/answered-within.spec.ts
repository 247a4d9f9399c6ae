import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { NEVER, Subject } from 'rxjs';
import { transportAnswering } from '../../testing/fake-transport.js';
import { answeredWithin } from './answered-within.js';

describe('answeredWithin', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('drops the connection and fails when no answer comes in time, not earlier', () => {
    const { transport, drop } = transportAnswering(NEVER);
    const onError = jest.fn();
    NEVER.pipe(answeredWithin(transport, 100, NEVER)).subscribe({ error: onError });
    jest.advanceTimersByTime(99);
    expect(drop).not.toHaveBeenCalled();
    jest.advanceTimersByTime(1);
    expect(drop).toHaveBeenCalledTimes(1);
    expect(drop).toHaveBeenCalledWith(expect.objectContaining({ code: 'ACK_TIMEOUT' }));
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'ACK_TIMEOUT' }));
  });

  it('leaves the connection alone when it is unsubscribed before the answer', () => {
    const { transport, drop } = transportAnswering(NEVER);
    NEVER.pipe(answeredWithin(transport, 100, NEVER))
      .subscribe()
      .unsubscribe();
    jest.advanceTimersByTime(1000);
    expect(drop).not.toHaveBeenCalled();
  });

  it('ends only this request on a connection on which other things come', () => {
    const { transport, drop } = transportAnswering(NEVER);
    transport.silentMs = 99;
    const onError = jest.fn();
    NEVER.pipe(answeredWithin(transport, 100, NEVER)).subscribe({ error: onError });
    jest.advanceTimersByTime(100);
    expect(onError).toHaveBeenCalledWith(expect.objectContaining({ code: 'ACK_TIMEOUT' }));
    expect(drop).not.toHaveBeenCalled();
  });

  it('starts the time again with every sign that the server is working', () => {
    const { transport } = transportAnswering(NEVER);
    const [signs$, onError] = [new Subject<void>(), jest.fn()];
    NEVER.pipe(answeredWithin(transport, 100, signs$)).subscribe({ error: onError });
    for (let signs = 0; signs < 10; signs++) {
      jest.advanceTimersByTime(99);
      signs$.next();
    }
    expect(onError).not.toHaveBeenCalled();
    jest.advanceTimersByTime(100);
    expect(onError).toHaveBeenCalledTimes(1);
  });
});
