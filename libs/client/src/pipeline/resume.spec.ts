import { beforeEach, describe, expect, it } from '@jest/globals';
import { crc32 } from '@upload-streams/protocol';
import { filter, firstValueFrom, lastValueFrom } from 'rxjs';
import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf, contentOf, expectBytes, KIB, SESSION, statusesOf } from '../testing/client-of.js';

describe('UploadClient', () => {
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
  });

  describe('with a session that the server has the beginning of', () => {
    const content = contentOf(200 * KIB);

    /** The upload of some content gets this far and is left. */
    async function uploadPartOf(partial: Uint8Array) {
      await firstValueFrom(
        clientOf(gateway)
          .upload(partial, { sessionID: SESSION })
          .pipe(filter(({ uploaded }) => uploaded > 0)),
      );
    }

    it('reads the beginning of the same file again and sends only the rest', async () => {
      await uploadPartOf(content);
      const before = gateway.requests.length;
      const statuses = await statusesOf(clientOf(gateway).upload(content, { sessionID: SESSION }));
      expect(statuses).toEqual(['queued', 'connecting', 'hashing', 'uploading', 'verifying', 'completed']);
      expectBytes(gateway.session.content, content);
      expect(gateway.requests.slice(before)[1]!.payload['offset']).toBeGreaterThan(0);
    });

    it('uploads a file that changed under a new session ID, from zero', async () => {
      const changed = Buffer.from(content);
      changed[0]! ^= 1;
      await uploadPartOf(content);
      const state = await lastValueFrom(clientOf(gateway).upload(changed, { sessionID: SESSION }));
      expect(state.status).toBe('completed');
      expect(state.sessionID).not.toBe(SESSION);
      expectBytes(gateway.sessions.get(state.sessionID)!.content, changed);
    });

    it('uploads a file of another size under a new session ID', async () => {
      await uploadPartOf(content);
      const state = await lastValueFrom(clientOf(gateway).upload(contentOf(100 * KIB), { sessionID: SESSION }));
      expect(state.status).toBe('completed');
      expect(state.sessionID).not.toBe(SESSION);
    });

    it('gives up after three restarts', async () => {
      gateway.prefixCrc32 = (bytes) => (crc32(bytes) ^ 1) >>> 0;
      gateway.fault = ({ payload }) => (payload['offset'] === 0 ? 'cut-after' : undefined);
      const state = await lastValueFrom(clientOf(gateway).upload(content));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'SOURCE_CHANGED' } });
      expect(gateway.sessions.size).toBe(4);
    });
  });
});
