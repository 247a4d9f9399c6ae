import { beforeEach, describe, expect, it } from '@jest/globals';
import { lastValueFrom, tap } from 'rxjs';
import { FakeGateway } from '../testing/fake-gateway.js';
import { clientOf, contentOf, expectBytes, KIB, SESSION, tick } from '../testing/client-of.js';
import type { UploadState, UploadStatus } from '../state/upload-state.js';

describe('UploadClient', () => {
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
  });

  describe('of a new session', () => {
    const content = contentOf(200 * KIB);

    /** What was sent while the begin was not answered, which it never is here. */
    async function sentBehindBegin(options: { sessionID?: string } = {}, client = clientOf(gateway)) {
      const before = gateway.requests.length;
      gateway.fault = ({ event }) => (event === 'begin_upload' ? 'stall' : undefined);
      const subscription = client.upload(content, options).subscribe();
      for (let ticks = 0; ticks < 20; ticks++) await tick();
      subscription.unsubscribe();
      return gateway.requests.slice(before).map(({ event }) => event.replace(/_[\w-]{22}$/, ''));
    }

    it('sends chunks behind the begin without waiting for its answer', async () => {
      expect((await sentBehindBegin()).slice(0, 3)).toEqual(['begin_upload', 'upload_chunk', 'upload_chunk']);
    });

    it('waits for the answer if the gateway may know the session', async () => {
      expect(await sentBehindBegin({ sessionID: SESSION })).toEqual(['begin_upload']);
    });

    it('waits for the answer if a round trip costs nothing', async () => {
      const client = clientOf(gateway);
      await lastValueFrom(client.upload(content));
      expect(await sentBehindBegin({}, client)).toEqual(['begin_upload']);
    });

    it('begins again if the answer says that the server has some bytes of it already', async () => {
      gateway.answerBegin = (begun) => (gateway.requestsOf('begin').length === 1 ? { ...begun, offset: 5 } : begun);
      const states: UploadState[] = [];
      await lastValueFrom(
        clientOf(gateway)
          .upload(content)
          .pipe(tap((state) => states.push(state))),
      );
      expect(states.filter(({ status }) => status === 'waiting')).toMatchObject([
        { reason: { code: 'OFFSET_MISMATCH' } },
      ]);
      expectBytes(gateway.session.content, content);
    });

    it('reports progress only when the begin is answered', async () => {
      const statuses: UploadStatus[] = [];
      gateway.fault = () => 'stall';
      const subscription = clientOf(gateway)
        .upload(content)
        .subscribe(({ status }) => statuses.push(status));
      for (let ticks = 0; ticks < 20; ticks++) await tick();
      subscription.unsubscribe();
      expect(statuses).not.toContain('uploading');
    });
  });
});
