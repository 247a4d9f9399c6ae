import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { crc32, SESSION_ID_PATTERN, UploadError } from '@upload-streams/protocol';
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { filter, firstValueFrom, lastValueFrom, tap } from 'rxjs';
import { BytesSource } from './adapters/sources/bytes-source.js';
import { FakeGateway, type Fault } from './testing/fake-gateway.js';
import {
  clientOf,
  contentOf,
  expectBytes,
  FACTS,
  KIB,
  liveSource,
  SESSION,
  statusesOf,
  tick,
} from './testing/client-of.js';
import { UploadControls } from './upload-controls.js';

describe('UploadClient', () => {
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
  });

  describe('upload', () => {
    it('sends a file in chunks and ends with the file that the server has', async () => {
      const content = contentOf(300 * KIB);
      const statuses = await statusesOf(clientOf(gateway).upload(content));
      expect(statuses).toEqual(['queued', 'connecting', 'uploading', 'verifying', 'completed']);
      expectBytes(gateway.session.content, content);
      expect(gateway.connections).toBe(1);
    });

    it('reports progress that never falls and ends with all bytes', async () => {
      const uploaded: number[] = [];
      await lastValueFrom(
        clientOf(gateway)
          .upload(contentOf(300 * KIB))
          .pipe(tap((state) => uploaded.push(state.uploaded))),
      );
      expect(uploaded).toEqual([...uploaded].sort((a, b) => a - b));
      expect(uploaded.at(-1)).toBe(300 * KIB);
      expect(uploaded.length).toBeGreaterThan(5);
    });

    it.each([0, 1, 64 * KIB])('sends a file of %d bytes in one request', async (size) => {
      const content = contentOf(size);
      const state = await lastValueFrom(clientOf(gateway).upload(content));
      expect(state).toMatchObject({ status: 'completed', uploaded: size, file: { size, crc32: crc32(content) } });
      expect(gateway.requests).toHaveLength(1);
      expectBytes(gateway.session.content, content);
    });

    it('sends a file a byte too large for that in chunks', async () => {
      await lastValueFrom(clientOf(gateway).upload(contentOf(64 * KIB + 1)));
      expect(gateway.requestsOf('begin')[0]!.payload).not.toHaveProperty('chunk');
      expect(gateway.requestsOf('chunk').length).toBeGreaterThan(0);
    });

    it('sends the facts and the metadata of a file, under the session ID it was given', async () => {
      const metadata = { album: 'summer' };
      await lastValueFrom(clientOf(gateway).upload(contentOf(10), { sessionID: SESSION, metadata }));
      expect(gateway.requests[0]!.payload).toMatchObject({ sessionID: SESSION, fileName: 'a.bin', size: 10, metadata });
    });

    it('makes a new valid session ID for every upload', async () => {
      const client = clientOf(gateway);
      for (let uploads = 0; uploads < 2; uploads++) await lastValueFrom(client.upload(contentOf(10)));
      expect(gateway.sessions.size).toBe(2);
      for (const sessionID of gateway.sessions.keys()) expect(sessionID).toMatch(SESSION_ID_PATTERN);
    });

    it('does nothing before it is subscribed to', () => {
      clientOf(gateway).upload(contentOf(10));
      expect(gateway.users).toBe(0);
    });

    it('closes its source once complete', async () => {
      const source = new BytesSource(contentOf(10), FACTS);
      const close = jest.spyOn(source, 'close');
      await lastValueFrom(clientOf(gateway).upload(source));
      expect(close).toHaveBeenCalledTimes(1);
    });

    it('uploads a live stream of unknown length', async () => {
      const content = contentOf(200 * KIB);
      const pieces = [content.subarray(0, 3), content.subarray(3, 150_000), content.subarray(150_000)];
      const state = await lastValueFrom(clientOf(gateway).upload(liveSource(Readable.from(pieces))));
      expect(state).toMatchObject({ status: 'completed', size: content.length });
      expectBytes(gateway.session.content, content);
    });
  });

  describe('uploadToEnd', () => {
    it('resolves with the file that the server has', async () => {
      expect(await clientOf(gateway).uploadToEnd(contentOf(10))).toMatchObject({ fileName: 'a.bin', size: 10 });
    });

    it('rejects with the UploadError of a failed upload', async () => {
      gateway.fault = () => {
        throw new UploadError('UPLOAD_REFUSED');
      };
      const failed = clientOf(gateway).uploadToEnd(contentOf(10));
      await expect(failed).rejects.toBeInstanceOf(UploadError);
      await expect(failed).rejects.toMatchObject({ code: 'UPLOAD_REFUSED' });
    });

    it('rejects with an AbortError for a cancelled upload', async () => {
      const controls = new UploadControls();
      controls.cancel();
      const cancelled = clientOf(gateway).uploadToEnd(contentOf(10), { controls });
      await expect(cancelled).rejects.toMatchObject({ name: 'AbortError' });
    });
  });

  describe('with many files', () => {
    it.each([1, 3])('sends at most %d larger files at once, and all of them', async (concurrency) => {
      const client = clientOf(gateway, { concurrency });
      await Promise.all(Array.from({ length: 8 }, () => client.uploadToEnd(contentOf(70 * KIB))));
      expect(gateway.mostUploads).toBe(concurrency);
      expect(gateway.sessions.size).toBe(8);
    });

    it('never lets a small file wait behind large ones', async () => {
      const client = clientOf(gateway, { concurrency: 1 });
      const ended: string[] = [];
      const large = client.uploadToEnd(contentOf(400 * KIB)).then(() => ended.push('large'));
      const small = client.uploadToEnd(contentOf(10)).then(() => ended.push('small'));
      await Promise.all([large, small]);
      expect(ended).toEqual(['small', 'large']);
    });

    it('lets the next file in when one is paused', async () => {
      const client = clientOf(gateway, { concurrency: 1 });
      const controls = new UploadControls();
      const paused$ = client
        .upload(contentOf(400 * KIB), { controls })
        .pipe(tap(({ uploaded }) => uploaded > 0 && controls.pause()));
      const paused = paused$.subscribe();
      expect(await client.uploadToEnd(contentOf(70 * KIB))).toMatchObject({ size: 70 * KIB });
      paused.unsubscribe();
    });

    it('shares one connection', async () => {
      const client = clientOf(gateway);
      await Promise.all([1, 2, 3].map(() => client.uploadToEnd(contentOf(70 * KIB))));
      expect(gateway.connections).toBe(1);
    });
  });

  it('stops when it is unsubscribed, leaves the session on the server, and closes the source', async () => {
    const source = new BytesSource(contentOf(200 * KIB), FACTS);
    const close = jest.spyOn(source, 'close');
    await firstValueFrom(
      clientOf(gateway)
        .upload(source)
        .pipe(filter(({ uploaded }) => uploaded > 0)),
    );
    for (let ticks = 0; ticks < 5; ticks++) await tick();
    const sent = gateway.requests.length;
    for (let ticks = 0; ticks < 5; ticks++) await tick();
    expect(gateway.requests).toHaveLength(sent);
    expect(gateway.users).toBe(0);
    expect(gateway.session.completed).toBeUndefined();
    expect(close).toHaveBeenCalledTimes(1);
  });

  it('delivers any file over any link, byte by byte, and never has more in flight than the window', async () => {
    const fault = fc.option(fc.constantFrom<Fault>('cut-before', 'cut-after'), { nil: undefined, freq: 8 });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 600 * KIB }),
        fc.integer({ min: 64 * KIB, max: 300 * KIB }),
        fc.integer({ min: 64 * KIB, max: 128 * KIB }),
        fc.array(fault, { maxLength: 30 }),
        fc.boolean(),
        fc.boolean(),
        async (size, window, maxChunkSize, faults, forgetful, live) => {
          const content = contentOf(size);
          const link = Object.assign(new FakeGateway(), { window, maxChunkSize, forgetful });
          link.fault = (_request, index) => faults[index];
          const pieces = Array.from({ length: Math.ceil(size / 10_000) }, (_, index) =>
            content.subarray(index * 10_000, (index + 1) * 10_000),
          );
          const source = live ? liveSource(Readable.from(pieces), 40_000) : content;
          const state = await lastValueFrom(clientOf(link).upload(source));
          expect(state).toMatchObject({ status: 'completed', uploaded: size });
          expectBytes(link.session.content, content);
          expect(link.mostInFlight).toBeLessThanOrEqual(window);
        },
      ),
      { numRuns: 150 },
    );
  }, 30_000);
});
