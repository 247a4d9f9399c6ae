import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { accept, refuse, UploadError } from '@upload-streams/protocol';
import { lastValueFrom, NEVER, of, Subject, throwError, type Observable } from 'rxjs';
import type { UploadTransport } from '../../ports/transport.js';
import { answeredWithin, emitWithAck } from './emit-with-ack.js';

function transportAnswering(answer$: Observable<unknown>) {
  const request = jest.fn((_event: string, _payload: unknown) => answer$);
  const drop = jest.fn();
  const transport = { connected$: NEVER, on: () => NEVER, request, drop, close: () => undefined, silentMs: 100 };
  transport satisfies UploadTransport;
  return { transport, request, drop };
}

describe('emitWithAck', () => {
  it('sends the event and gives what the ack carries', async () => {
    const { transport, request } = transportAnswering(of(accept({ offset: 5 })));
    expect(await lastValueFrom(emitWithAck(transport, 'event', { a: 1 }))).toMatchObject({ offset: 5 });
    expect(request).toHaveBeenCalledWith('event', { a: 1 });
  });

  it('fails with the error that the ack carries', async () => {
    const refused = refuse(new UploadError('OFFSET_MISMATCH', { offset: 7 }));
    const { transport, drop } = transportAnswering(of(refused));
    await expect(lastValueFrom(emitWithAck(transport, 'event', {}))).rejects.toMatchObject({
      code: 'OFFSET_MISMATCH',
      details: { offset: 7 },
    });
    expect(drop).not.toHaveBeenCalled();
  });

  it.each([undefined, null, {}, 'yes'])(
    'takes the answer %j, which is no ack, for an error of the server',
    async (answer) => {
      const { transport } = transportAnswering(of(answer));
      await expect(lastValueFrom(emitWithAck(transport, 'event', {}))).rejects.toMatchObject({ code: 'INTERNAL' });
    },
  );

  it('fails with the error of the transport', async () => {
    const lost = new UploadError('CONNECTION_LOST');
    const { transport } = transportAnswering(throwError(() => lost));
    await expect(lastValueFrom(emitWithAck(transport, 'event', {}))).rejects.toBe(lost);
  });
});

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

  it('waits anew from every sign that the server is at work', () => {
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
