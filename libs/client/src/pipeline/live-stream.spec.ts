import { beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { filter, firstValueFrom, lastValueFrom } from 'rxjs';
import { StreamSource } from '../adapters/sources/stream-source.js';
import { FakeGateway } from '../testing/fake-gateway.js';
import { FACTS, clientOf, contentOf, expectBytes, faultAtChunk, KIB, liveSource } from '../testing/client-of.js';

describe('UploadClient', () => {
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
  });

  describe('with a live stream', () => {
    const content = contentOf(64 * KIB);

    it('has the server flush when its buffer is full, over and over', async () => {
      gateway.forgetful = true;
      const pieces = Array.from({ length: 16 }, (_, index) => content.subarray(index * 4 * KIB, (index + 1) * 4 * KIB));
      const source = liveSource(Readable.from(pieces), 8 * KIB);
      expect((await lastValueFrom(clientOf(gateway).upload(source))).status).toBe('completed');
      expectBytes(gateway.session.content, content);
      const flushes = gateway
        .requestsOf('chunk')
        .filter(({ payload }) => (payload['chunk'] as Uint8Array).length === 0);
      expect(flushes.length).toBeGreaterThanOrEqual(7);
    });

    it.each(['cut-before', 'cut-after'] as const)('goes on where the flush was %s it was read', async (fault) => {
      gateway.forgetful = true;
      let flushes = 0;
      gateway.fault = ({ event, payload }) =>
        event.startsWith('upload_chunk_') && (payload['chunk'] as Uint8Array).length === 0 && flushes++ === 0
          ? fault
          : undefined;
      const pieces = Array.from({ length: 16 }, (_, index) => content.subarray(index * 4 * KIB, (index + 1) * 4 * KIB));
      const source = liveSource(Readable.from(pieces), 8 * KIB);
      expect((await lastValueFrom(clientOf(gateway).upload(source))).status).toBe('completed');
      expectBytes(gateway.session.content, content);
    });

    it('goes on with a short stream of known length of which a part is durable', async () => {
      faultAtChunk(gateway, 2, 'cut-before');
      const pieces = [0, 1, 2, 3].map((index) => content.subarray(index * 100, (index + 1) * 100));
      const source = new StreamSource(Readable.from(pieces), { ...FACTS, size: 400, bufferBytes: 1000 });
      expect(await lastValueFrom(clientOf(gateway).upload(source))).toMatchObject({ status: 'completed' });
      expectBytes(gateway.session.content, content.subarray(0, 400));
    });

    it('fails if the server needs bytes again that it said were durable', async () => {
      let begins = 0;
      gateway.fault = ({ event }) => {
        if (event !== 'begin_upload') return begins === 1 && gateway.session.durable > 2000 ? 'cut-after' : undefined;
        if (++begins === 2) gateway.sessions.clear();
        return undefined;
      };
      const pieces = Array.from({ length: 16 }, (_, index) => content.subarray(index * 1000, (index + 1) * 1000));
      const state = await lastValueFrom(clientOf(gateway).upload(liveSource(Readable.from(pieces))));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'SOURCE_NOT_REREADABLE' } });
    });

    it('fails with the error of the stream', async () => {
      const stream = new Readable({ read: () => stream.destroy(new Error('broken')) });
      const state = await lastValueFrom(clientOf(gateway).upload(liveSource(stream)));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'SOURCE_FAILED' } });
    });

    it('closes a stream that is waiting for its next bytes when it is unsubscribed', async () => {
      const stream = new Readable({ read: () => undefined });
      stream.push(content);
      await firstValueFrom(
        clientOf(gateway)
          .upload(liveSource(stream))
          .pipe(filter(({ uploaded }) => uploaded === content.length)),
      );
      expect(stream.destroyed).toBe(true);
    });
  });
});
