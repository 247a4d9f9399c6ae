import { describe, expect, it } from '@jest/globals';
import { accept, refuse, UploadError } from '@upload-streams/protocol';
import { lastValueFrom, of, throwError } from 'rxjs';
import { transportAnswering } from '../../testing/fake-transport.js';
import { emitWithAck } from './emit-with-ack.js';

describe('emitWithAck', () => {
  it('sends the event and emits what the ack carries', async () => {
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
