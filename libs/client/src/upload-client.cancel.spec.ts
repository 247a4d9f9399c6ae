import { beforeEach, describe, expect, it } from '@jest/globals';
import { UploadError } from '@upload-streams/protocol';
import { lastValueFrom, tap } from 'rxjs';
import { clientOf, contentOf, KIB, reaches, SESSION, tick } from './testing/client-of.js';
import { FakeGateway } from './testing/fake-gateway.js';

describe('UploadClient.cancel', () => {
  const content = contentOf(200 * KIB);
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
    gateway.window = 32 * KIB;
  });

  /** Leaves a session on the server that this client does not upload. */
  async function leaveSession(): Promise<void> {
    await reaches(clientOf(gateway).upload(content, { sessionID: SESSION }), 'uploading');
  }

  it('makes the server drop a session that this client does not upload', async () => {
    await leaveSession();
    await clientOf(gateway).cancel(SESSION);
    expect(gateway.sessions.size).toBe(0);
    expect(gateway.requestsOf('cancel')[0]!.payload).toEqual({ sessionID: SESSION });
  });

  it('ends an upload of this client as cancelled, and the connection is released', async () => {
    const client = clientOf(gateway);
    const ended = lastValueFrom(client.upload(content, { sessionID: SESSION }));
    while (gateway.sessions.size === 0) await tick();
    await client.cancel(SESSION);
    expect((await ended).status).toBe('cancelled');
    expect([gateway.sessions.size, gateway.users]).toEqual([0, 0]);
    expect(gateway.requestsOf('cancel')).toHaveLength(1);
  });

  it('ends an upload that is still queued, of which the server knows nothing', async () => {
    const client = clientOf(gateway, { concurrency: 1 });
    const first = client.upload(content).subscribe();
    const ended = lastValueFrom(client.upload(content, { sessionID: SESSION }));
    await client.cancel(SESSION);
    expect((await ended).status).toBe('cancelled');
    first.unsubscribe();
  });

  it('may be called again by a subscriber of the upload, whatever its state', async () => {
    const client = clientOf(gateway);
    const states$ = client.upload(content, { sessionID: SESSION });
    const last = await lastValueFrom(states$.pipe(tap(() => void client.cancel(SESSION).catch(() => undefined))));
    expect(last.status).toBe('cancelled');
  });

  it('leaves other uploads alone', async () => {
    await leaveSession();
    const client = clientOf(gateway);
    const other = client.uploadToEnd(content);
    await client.cancel(SESSION);
    expect(await other).toMatchObject({ size: content.length });
  });

  it.each(['SESSION_NOT_FOUND', 'SESSION_FORBIDDEN', 'UPLOAD_ALREADY_COMPLETE'] as const)(
    'rejects with the %s of the server, and tries no more',
    async (code) => {
      gateway.fault = () => {
        throw new UploadError(code);
      };
      await expect(clientOf(gateway).cancel(SESSION)).rejects.toMatchObject({ code });
      expect([gateway.requests.length, gateway.users]).toEqual([1, 0]);
    },
  );

  it('rejects for a session whose file is complete', async () => {
    const client = clientOf(gateway);
    await client.uploadToEnd(content, { sessionID: SESSION });
    await expect(client.cancel(SESSION)).rejects.toMatchObject({ code: 'UPLOAD_ALREADY_COMPLETE' });
    expect(gateway.session.completed).toBeDefined();
  });

  it('rejects if the connection is lost before the answer', async () => {
    gateway.fault = () => 'cut-before';
    await expect(clientOf(gateway).cancel(SESSION)).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });
});
