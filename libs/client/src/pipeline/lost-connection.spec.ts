import { beforeEach, describe, expect, it } from '@jest/globals';
import { crc32, SERVER_DRAINING, UploadError } from '@upload-streams/protocol';
import { lastValueFrom, tap } from 'rxjs';
import type { Checksum } from '../ports/checksum.js';
import { FakeGateway } from '../testing/fake-gateway.js';
import {
  clientOf,
  contentOf,
  expectBytes,
  FACTS,
  faultAtChunk,
  KIB,
  reaches,
  resentBytes,
  statusesOf,
  StoredSource,
} from '../testing/client-of.js';
import type { UploadState } from '../state/upload-state.js';

describe('UploadClient', () => {
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
  });

  describe('after a lost connection', () => {
    const content = contentOf(200 * KIB);

    beforeEach(() => {
      gateway.maxChunkSize = 16 * KIB;
    });

    it.each(['cut-before', 'cut-after'] as const)('begins again if the begin was %s it was read', async (fault) => {
      gateway.fault = (_request, index) => (index === 0 ? fault : undefined);
      const statuses = await statusesOf(clientOf(gateway).upload(content));
      expect(statuses.slice(0, 4)).toEqual(['queued', 'connecting', 'waiting', 'connecting']);
      expectBytes(gateway.session.content, content);
    });

    it('learns that a small file has arrived although its ack was lost', async () => {
      gateway.fault = (_request, index) => (index === 0 ? 'cut-after' : undefined);
      expect(await lastValueFrom(clientOf(gateway).upload(contentOf(10)))).toMatchObject({ status: 'completed' });
      expect(gateway.requestsOf('chunk')).toHaveLength(0);
    });

    const everyCut = Array.from({ length: 13 }, (_, nth) => [
      { nth, fault: 'cut-before' as const },
      { nth, fault: 'cut-after' as const },
    ]);

    it.each(everyCut.flat())('goes on from the offset of the server at chunk $nth, $fault it was read', async (cut) => {
      faultAtChunk(gateway, cut.nth, cut.fault);
      const state = await lastValueFrom(clientOf(gateway).upload(content));
      expect(state.status).toBe('completed');
      expectBytes(gateway.session.content, content);
      expect(gateway.connections).toBe(2);
      expect(resentBytes(gateway)).toBeLessThanOrEqual(gateway.window);
    });

    it('reads nothing of its prefix again', async () => {
      faultAtChunk(gateway, 5, 'cut-after');
      expect(await statusesOf(clientOf(gateway).upload(content))).not.toContain('hashing');
    });

    it('sends again what a crashed server has lost', async () => {
      gateway.forgetful = true;
      faultAtChunk(gateway, 5, 'cut-after');
      await lastValueFrom(clientOf(gateway).upload(content));
      expectBytes(gateway.session.content, content);
      expect(gateway.requestsOf('chunk').filter(({ payload }) => payload['offset'] === 0)).toHaveLength(2);
    });

    it('waits for the time that a draining server asks for', async () => {
      const upload$ = clientOf(gateway)
        .upload(content)
        .pipe(
          tap(({ status, uploaded }) => {
            if (status === 'uploading' && uploaded > 0) gateway.emit(SERVER_DRAINING, { reconnectInMs: 1234 });
          }),
        );
      expect(await reaches(upload$, 'waiting')).toMatchObject({ reason: { code: 'SERVER_DRAINING' }, retryInMs: 1234 });
    });

    it('fails with the reason of a connection that is refused for good', async () => {
      const upload$ = clientOf(gateway)
        .upload(content)
        .pipe(tap(({ status }) => status === 'uploading' && gateway.cut(new UploadError('UNAUTHORIZED'))));
      expect(await lastValueFrom(upload$)).toMatchObject({ status: 'failed', error: { code: 'UNAUTHORIZED' } });
    });

    it.each([0, 3])(
      'sends a chunk again of which a bit flipped in memory after it was hashed (chunk %d)',
      async (nth) => {
        let hashed = 0;
        const flipping: Checksum = (bytes, previous) => {
          const crc = crc32(bytes, previous);
          if (hashed++ === nth) bytes[5]! ^= 8;
          return crc;
        };
        const content = contentOf(300 * KIB);
        const states$ = clientOf(gateway, {}, flipping).upload(new StoredSource(content, FACTS));
        expect(await statusesOf(states$)).toContain('waiting');
        expectBytes(gateway.session.content, content);
      },
    );

    it.each(['OFFSET_MISMATCH', 'CHECKSUM_MISMATCH', 'STORAGE_FAILED', 'WINDOW_EXCEEDED'] as const)(
      'begins again after %s',
      async (code) => {
        faultAtChunk(gateway, 3, new UploadError(code));
        await lastValueFrom(clientOf(gateway).upload(content));
        expectBytes(gateway.session.content, content);
        expect(gateway.requestsOf('begin')).toHaveLength(2);
      },
    );
  });

  it('begins again if the server lost the session', async () => {
    gateway.maxChunkSize = 16 * KIB;
    const content = contentOf(200 * KIB);
    gateway.fault = (_request, index) => {
      if (index === 6) gateway.sessions.clear();
      return undefined;
    };
    const states: UploadState[] = [];
    await lastValueFrom(
      clientOf(gateway)
        .upload(content)
        .pipe(tap((state) => states.push(state))),
    );
    expect(states.at(-1)?.status).toBe('completed');
    expect(states.filter(({ status }) => status === 'waiting')).toMatchObject([
      { reason: { code: 'SESSION_NOT_FOUND' } },
    ]);
    expectBytes(gateway.session.content, content);
  });
});
