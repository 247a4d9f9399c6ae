import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { accept, crc32, SERVER_DRAINING, SESSION_ID_PATTERN, UploadError } from '@upload-streams/protocol';
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { filter, firstValueFrom, from, lastValueFrom, map, of, tap, throwError, type Observable } from 'rxjs';
import { BytesSource } from './adapters/sources/bytes-source.js';
import { StreamSource } from './adapters/sources/stream-source.js';
import type { ChunkSource, SourceChunk } from './ports/chunk-source.js';
import type { Checksum } from './ports/checksum.js';
import { FakeGateway, type Fault } from './testing/fake-gateway.js';
import { UploadClient } from './upload-client.js';
import { UploadControls } from './upload-controls.js';
import { CLIENT_DEFAULTS, type UploadClientOptions } from './upload-options.js';
import type { UploadState, UploadStatus } from './state/upload-state.js';

const KIB = 1024;
const FACTS = { fileName: 'a.bin', type: undefined, lastModified: undefined };
const SESSION = 'session_of_22_letters_';

const contentOf = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 7) ^ (index >> 9)));

/** Retries at once, so that no test waits. */
function clientOf(gateway: FakeGateway, options: UploadClientOptions = {}, checksum: Checksum = crc32) {
  const platform = {
    transport: gateway,
    online$: of(true),
    checksum,
    openSource: (source: Uint8Array | ChunkSource) =>
      source instanceof Uint8Array ? new BytesSource(source, FACTS) : source,
  };
  return new UploadClient(platform, { ...CLIENT_DEFAULTS, minRetryDelayMs: 0, maxRetryDelayMs: 0, ...options });
}

/** A file elsewhere: what is read of it is a copy. */
class StoredSource extends BytesSource {
  override async next(maxBytes: number): Promise<SourceChunk> {
    const chunk = await super.next(maxBytes);
    const bytes = Uint8Array.from(chunk.bytes);
    return { ...chunk, bytes };
  }
}

/** The statuses of an upload in order, each once in a row. */
async function statusesOf(upload$: Observable<UploadState>): Promise<UploadStatus[]> {
  const statuses: UploadStatus[] = [];
  await lastValueFrom(
    upload$.pipe(
      tap(({ status }) => {
        if (statuses.at(-1) !== status) statuses.push(status);
      }),
    ),
  );
  return statuses;
}

const reaches = (upload$: Observable<UploadState>, status: UploadStatus) =>
  firstValueFrom(upload$.pipe(filter((state) => state.status === status)));

/** The n-th chunk, counted from zero, meets this fault; the others none. */
function faultAtChunk(gateway: FakeGateway, nth: number, fault: Fault | UploadError): void {
  let chunks = 0;
  gateway.fault = ({ event }) => {
    if (!event.startsWith('upload_chunk_') || chunks++ !== nth) return undefined;
    if (fault instanceof UploadError) throw fault;
    return fault;
  };
}

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

    it('tells progress that never falls and ends with all bytes', async () => {
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

      it('waits for the answer where the gateway may know the session', async () => {
        expect(await sentBehindBegin({ sessionID: SESSION })).toEqual(['begin_upload']);
      });

      it('waits for the answer where a round trip costs nothing', async () => {
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

      it('tells progress only once the begin is answered', async () => {
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

    it('uploads a live stream whose length nobody knows', async () => {
      const content = contentOf(200 * KIB);
      const pieces = [content.subarray(0, 3), content.subarray(3, 150_000), content.subarray(150_000)];
      const state = await lastValueFrom(clientOf(gateway).upload(liveSource(Readable.from(pieces))));
      expect(state).toMatchObject({ status: 'completed', size: content.length });
      expectBytes(gateway.session.content, content);
    });
  });

  describe('after a lost connection', () => {
    const content = contentOf(200 * KIB);

    beforeEach(() => {
      gateway.maxChunkSize = 16 * KIB;
    });

    it.each(['cut-before', 'cut-after'] as const)('begins again where the begin was %s it was read', async (fault) => {
      gateway.fault = (_request, index) => (index === 0 ? fault : undefined);
      const statuses = await statusesOf(clientOf(gateway).upload(content));
      expect(statuses.slice(0, 4)).toEqual(['queued', 'connecting', 'waiting', 'connecting']);
      expectBytes(gateway.session.content, content);
    });

    it('learns that a small file arrived of which the ack was lost', async () => {
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

    it('sends again what a server forgot that fell over', async () => {
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

  describe('with controls', () => {
    const content = contentOf(200 * KIB);
    let controls: UploadControls;
    let states: UploadState[];

    beforeEach(() => {
      gateway.window = 32 * KIB;
      controls = new UploadControls();
      states = [];
    });

    /** Gives a command when half of the file is there. */
    const halfway = (command: () => void) => {
      let given = false;
      return clientOf(gateway)
        .upload(content, { controls })
        .pipe(
          tap((state) => {
            states.push(state);
            if (given || state.uploaded < content.length / 2) return;
            given = true;
            command();
          }),
        );
    };

    it('sends nothing while paused, and goes on where it stood when resumed', async () => {
      const upload = lastValueFrom(halfway(() => controls.pause()));
      while (states.at(-1)?.status !== 'paused') await tick();
      for (let ticks = 0; ticks < 10; ticks++) await tick();
      const sent = gateway.requests.length;
      for (let ticks = 0; ticks < 10; ticks++) await tick();
      expect(gateway.requests).toHaveLength(sent);
      expect(gateway.users).toBe(0);

      controls.resume();
      expect((await upload).status).toBe('completed');
      expectBytes(gateway.session.content, content);
      expect(gateway.requests[sent]!.event).toBe('begin_upload');
      expect(gateway.requests[sent + 1]!.payload['offset']).toBeGreaterThanOrEqual(content.length / 2);
    });

    it('stays paused from the start until it is resumed', async () => {
      controls.pause();
      const upload = lastValueFrom(halfway(() => undefined));
      while (states.at(-1)?.status !== 'paused') await tick();
      expect(gateway.connections).toBe(0);
      controls.resume();
      expect((await upload).status).toBe('completed');
    });

    it('cancels, and the server drops what it has', async () => {
      const state = await lastValueFrom(halfway(() => controls.cancel()));
      expect(state.status).toBe('cancelled');
      expect(gateway.sessions.size).toBe(0);
      expect(gateway.requestsOf('cancel')).toHaveLength(1);
    });

    it('cancels while it is paused', async () => {
      const upload = lastValueFrom(halfway(() => controls.pause()));
      while (states.at(-1)?.status !== 'paused') await tick();
      controls.cancel();
      expect((await upload).status).toBe('cancelled');
      expect(gateway.sessions.size).toBe(0);
    });

    it('is cancelled even where the server does not know the session', async () => {
      gateway.fault = ({ event }) => {
        if (event === 'cancel_upload') throw new UploadError('SESSION_NOT_FOUND');
        return undefined;
      };
      expect((await lastValueFrom(halfway(() => controls.cancel()))).status).toBe('cancelled');
    });

    it('resumes a live stream that is waiting for its next bytes when it is paused', async () => {
      const stream = new Readable({ read: () => undefined });
      stream.push(content.subarray(0, 1000));
      const live$ = clientOf(gateway).upload(liveSource(stream), { controls });
      const upload = lastValueFrom(live$.pipe(tap((state) => states.push(state))));
      while (states.at(-1)?.uploaded !== 1000) await tick();
      controls.pause();
      await tick();
      controls.resume();
      while (states.at(-1)?.status !== 'uploading') await tick();
      stream.push(content.subarray(1000));
      stream.push(null);
      expect((await upload).status).toBe('completed');
      expectBytes(gateway.session.content, content);
    });
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

    it('fails where the server needs bytes again that it said were durable', async () => {
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

  describe('failing', () => {
    const content = contentOf(200 * KIB);

    it('ends with a state, never with an error, where upload_error says so', async () => {
      const upload$ = clientOf(gateway)
        .upload(content)
        .pipe(
          tap(({ status, uploaded, sessionID }) => {
            if (status === 'uploading' && uploaded > 0) gateway.fail(sessionID, new UploadError('UPLOAD_REFUSED'));
          }),
        );
      expect(await lastValueFrom(upload$)).toMatchObject({ status: 'failed', error: { code: 'UPLOAD_REFUSED' } });
    });

    it('ends with a state where the begin is refused', async () => {
      gateway.fault = () => {
        throw new UploadError('FILE_TOO_LARGE', { maxBytes: 1 });
      };
      const state = await lastValueFrom(clientOf(gateway).upload(content));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'FILE_TOO_LARGE', details: { maxBytes: 1 } } });
      expect(gateway.requestsOf('begin')).toHaveLength(1);
    });

    it('ends with a state where the source can not be opened', async () => {
      const platform = {
        transport: gateway,
        online$: of(true),
        checksum: crc32,
        openSource: () => Promise.reject(new UploadError('SOURCE_FAILED')),
      };
      const client = new UploadClient(platform, CLIENT_DEFAULTS);
      const state = await lastValueFrom(client.upload('none'));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'SOURCE_FAILED' } });
    });

    it('ends with a state where the source breaks, and closes it', async () => {
      const source = new BytesSource(content, FACTS);
      const close = jest.spyOn(source, 'close');
      jest.spyOn(source, 'next').mockRejectedValue(new UploadError('SOURCE_FAILED'));
      const state = await lastValueFrom(clientOf(gateway).upload(source));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'SOURCE_FAILED' } });
      expect(close).toHaveBeenCalledTimes(1);
    });
  });

  describe('told what is not of the protocol', () => {
    const content = contentOf(200 * KIB);

    it.each([undefined, null, 'done', {}, { fileId: 1, size: 'x' }, { fileId: 'a', size: -1, crc32: 0 }])(
      'takes the file %j for an error of the server, and goes on',
      async (file) => {
        let told = false;
        const upload$ = clientOf(gateway)
          .upload(content)
          .pipe(
            tap(({ uploaded, sessionID }) => {
              if (told || uploaded === 0) return;
              told = true;
              gateway.emit(`upload_success_${sessionID}`, file);
            }),
          );
        expect(await statusesOf(upload$)).toContain('waiting');
        expectBytes(gateway.session.content, content);
      },
    );

    it.each(['begin_upload', 'upload_chunk_'])(
      'fails after a while where every answer to %s is none',
      async (event) => {
        const request = gateway.request.bind(gateway);
        gateway.request = (name, payload) =>
          name.startsWith(event) ? of({ ok: true, offset: 'NaN', window: null }) : request(name, payload);
        const state = await lastValueFrom(clientOf(gateway).upload(content));
        expect(state).toMatchObject({ status: 'failed', error: { code: 'INTERNAL' } });
      },
    );
  });

  describe('uploadToEnd', () => {
    it('gives the file that the server has', async () => {
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

  describe('with a signal', () => {
    const content = contentOf(200 * KIB);

    it('rejects with its reason, and leaves the session on the server', async () => {
      const aborting = new AbortController();
      const source = new BytesSource(content, FACTS);
      const close = jest.spyOn(source, 'close');
      gateway.maxChunkSize = 16 * KIB;
      gateway.window = 32 * KIB;
      gateway.fault = (_request, index) => {
        if (index === 3) aborting.abort(new Error('enough'));
        return undefined;
      };
      await expect(clientOf(gateway).uploadToEnd(source, { signal: aborting.signal })).rejects.toThrow('enough');
      await tick();
      expect(gateway.session.completed).toBeUndefined();
      expect(gateway.requestsOf('cancel')).toHaveLength(0);
      expect([gateway.users, close.mock.calls.length]).toEqual([0, 1]);
    });

    it('opens no source where it was aborted before', async () => {
      const signal = AbortSignal.abort(new Error('too late'));
      await expect(clientOf(gateway).uploadToEnd(content, { signal })).rejects.toThrow('too late');
      expect(gateway.requests).toEqual([]);
    });

    it('completes the states without a final one', async () => {
      const aborting = new AbortController();
      const states$ = clientOf(gateway).upload(content, { signal: aborting.signal });
      const last = await lastValueFrom(states$.pipe(tap(({ uploaded }) => uploaded > 0 && aborting.abort())));
      expect(last.status).toBe('uploading');
    });
  });

  describe('with a source that changes', () => {
    const content = contentOf(200 * KIB);
    const changed = Buffer.from(content).fill(7, 0, 10);

    /** A file elsewhere that becomes another one at the n-th read; `verify` notices, as one does that compares dates. */
    class ChangingSource extends BytesSource {
      private reads = 0;
      private seen: Uint8Array;

      constructor(
        private file: Uint8Array,
        private readonly then: { at: number; file: Uint8Array; rereadable?: boolean },
      ) {
        super(file, FACTS);
        this.seen = file;
      }

      override async next(maxBytes: number): Promise<SourceChunk> {
        const bytes = this.file.subarray(this.cursor, this.cursor + Math.min(maxBytes, this.size - this.cursor));
        this.cursor += bytes.length;
        if (this.reads++ === this.then.at) this.file = this.then.file;
        return { bytes, last: this.cursor >= this.size };
      }

      override async verify(): Promise<boolean> {
        if (this.seen === this.file) return true;
        if (this.then.rereadable === false) throw new UploadError('SOURCE_CHANGED', { rereadable: false });
        this.seen = this.file;
        this.size = this.file.length;
        return false;
      }
    }

    const inOneChunk = contentOf(1000);
    it.each([
      ['is overwritten while it is sent', content, changed],
      ['grows while it is sent', content, contentOf(250 * KIB)],
      ['is overwritten while it is read for the begin', inOneChunk, Buffer.from(inOneChunk).reverse()],
    ])('uploads it anew where it %s', async (_how, before, after) => {
      const at = before === inOneChunk ? 0 : 1;
      const source = new ChangingSource(before, { at, file: after });
      const state = await lastValueFrom(clientOf(gateway).upload(source));
      expect(state).toMatchObject({ status: 'completed', size: after.length });
      expectBytes(gateway.sessions.get(state.sessionID)!.content, after);
      const completed = [...gateway.sessions.values()].filter((session) => session.completed);
      expect(completed).toHaveLength(1);
    });

    it('goes on with one that was only touched', async () => {
      const source = new ChangingSource(content, { at: 2, file: Buffer.from(content) });
      const state = await lastValueFrom(clientOf(gateway).upload(source));
      expect(state.status).toBe('completed');
      expectBytes(gateway.session.content, content);
    });

    it.each([
      ['touched', Buffer.from(content), 1],
      ['overwritten', changed, 2],
    ])('compares one that was %s while it was paused', async (_how, after, sessions) => {
      gateway.window = 32 * KIB;
      const source = new ChangingSource(content, { at: -1, file: after });
      const controls = new UploadControls();
      let paused = false;
      const upload = lastValueFrom(
        clientOf(gateway)
          .upload(source, { controls })
          .pipe(
            tap(({ uploaded, status }) => {
              if (!paused && uploaded > 64 * KIB) controls.pause();
              paused ||= status === 'paused';
            }),
          ),
      );
      while (!paused) await tick();
      Object.assign(source, { file: after });
      controls.resume();
      const { sessionID } = await upload;
      expectBytes(gateway.sessions.get(sessionID)!.content, after);
      expect(gateway.sessions.size).toBe(sessions);
    });

    it('fails at once where it can not be read as it is now', async () => {
      const source = new ChangingSource(content, { at: 2, file: changed, rereadable: false });
      const state = await lastValueFrom(clientOf(gateway).upload(source));
      expect(state).toMatchObject({ status: 'failed', error: { code: 'SOURCE_CHANGED' } });
      expect(gateway.session.completed).toBeUndefined();
    });
  });

  describe('with a source that does not answer', () => {
    const never = new Promise<never>(() => undefined);

    it.each(['cancel', 'pause'] as const)('obeys %s while the source is being opened', async (command) => {
      const controls = new UploadControls();
      const platform = { transport: gateway, online$: of(true), checksum: crc32, openSource: () => never };
      const states: UploadState[] = [];
      const subscription = new UploadClient(platform, CLIENT_DEFAULTS)
        .upload('stuck', { controls })
        .subscribe((state) => states.push(state));
      await tick();
      controls[command]();
      for (let ticks = 0; ticks < 5; ticks++) await tick();
      expect(states.at(-1)?.status).toBe(command === 'cancel' ? 'cancelled' : 'paused');
      subscription.unsubscribe();
    });

    it('closes one that opens only after the upload was stopped', async () => {
      const source = new BytesSource(contentOf(10), FACTS);
      const close = jest.spyOn(source, 'close');
      let open = (_source: ChunkSource) => undefined as void;
      const opening = new Promise<ChunkSource>((resolve) => (open = resolve));
      const platform = { transport: gateway, online$: of(true), checksum: crc32, openSource: () => opening };
      const subscription = new UploadClient(platform, CLIENT_DEFAULTS).upload('slow').subscribe();
      await tick();
      subscription.unsubscribe();
      open(source);
      await tick();
      expect(close).toHaveBeenCalledTimes(1);
    });

    it('is cancelled while it waits for a read', async () => {
      const source = new BytesSource(contentOf(200 * KIB), FACTS);
      jest.spyOn(source, 'next').mockReturnValue(never);
      const controls = new UploadControls();
      const upload = lastValueFrom(clientOf(gateway).upload(source, { controls }));
      for (let ticks = 0; ticks < 5; ticks++) await tick();
      controls.cancel();
      expect((await upload).status).toBe('cancelled');
    });
  });

  it('begins again where the server lost the session', async () => {
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

  describe('with many files', () => {
    it.each([1, 3])('sends at most %d larger files at once, and all of them', async (concurrency) => {
      const client = clientOf(gateway, { concurrency });
      await Promise.all(Array.from({ length: 8 }, () => client.uploadToEnd(contentOf(70 * KIB))));
      expect(gateway.mostUploads).toBe(concurrency);
      expect(gateway.sessions.size).toBe(8);
    });

    it('lets no small file wait behind large ones', async () => {
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

  describe('over time', () => {
    const content = contentOf(200 * KIB);

    beforeEach(() => {
      jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    });
    afterEach(() => {
      jest.useRealTimers();
    });

    /** Lets time pass until the upload has this status. */
    async function until(states: readonly UploadState[], status: UploadStatus) {
      for (let ticks = 0; ticks < 1000 && states.at(-1)?.status !== status; ticks++) {
        await tick();
      }
      expect(states.at(-1)?.status).toBe(status);
    }

    it('drops a silent connection on which chunks are out and none is acknowledged for ackTimeoutMs', async () => {
      let stalled = false;
      gateway.silentMs = 8000;
      gateway.fault = ({ event }) => (stalled && event !== 'begin_upload' ? 'stall' : undefined);
      const states: UploadState[] = [];
      clientOf(gateway, { ackTimeoutMs: 8000, minRetryDelayMs: 1, maxRetryDelayMs: 1 })
        .upload(content)
        .pipe(tap(({ uploaded }) => (stalled ||= gateway.drops === 0 && uploaded > 64 * KIB)))
        .subscribe((state) => states.push(state));
      await until(states, 'uploading');
      for (let ticks = 0; ticks < 100; ticks++) await tick();
      jest.advanceTimersByTime(7999);
      expect(gateway.drops).toBe(0);
      jest.advanceTimersByTime(1);
      expect(gateway.drops).toBe(1);
      stalled = false;
      jest.advanceTimersByTime(1);
      await until(states, 'completed');
      expect(states.filter(({ status }) => status === 'waiting')).toMatchObject([{ reason: { code: 'ACK_TIMEOUT' } }]);
      expectBytes(gateway.session.content, content);
    });

    it('leaves a connection alone on which a live stream has nothing to send', async () => {
      const stream = new Readable({ read: () => undefined });
      stream.push(content.subarray(0, 1000));
      const states: UploadState[] = [];
      const subscription = clientOf(gateway)
        .upload(liveSource(stream))
        .subscribe((state) => states.push(state));
      while (states.at(-1)?.uploaded !== 1000) await tick();
      jest.advanceTimersByTime(3_600_000);
      expect(gateway.drops).toBe(0);
      subscription.unsubscribe();
    });

    it('takes no chunks of the lost connection for a stall while it reads the beginning again', async () => {
      const source = new BytesSource(content, FACTS);
      const seek = source.seek.bind(source);
      let read = () => undefined as void;
      let begins = 0;
      faultAtChunk(gateway, 3, 'cut-before');
      const { fault } = gateway;
      gateway.fault = (request, index) => {
        if (request.event === 'begin_upload') begins++;
        return fault(request, index);
      };
      jest.spyOn(source, 'seek').mockImplementation(async (offset) => {
        if (begins === 2) await new Promise<void>((resolve) => (read = resolve));
        return seek(offset);
      });
      const states: UploadState[] = [];
      clientOf(gateway)
        .upload(source)
        .subscribe((state) => states.push(state));
      while (begins < 2) await tick();
      for (let ticks = 0; ticks < 5; ticks++) await tick();
      jest.advanceTimersByTime(60_000);
      expect(gateway.drops).toBe(0);
      begins++;
      read();
      await until(states, 'completed');
    });

    it('ends only the attempt of one upload where other things come over its connection', async () => {
      let stalled = false;
      gateway.silentMs = 7999;
      gateway.fault = ({ event }) => (stalled && event !== 'begin_upload' ? 'stall' : undefined);
      const states: UploadState[] = [];
      clientOf(gateway, { ackTimeoutMs: 8000, minRetryDelayMs: 1, maxRetryDelayMs: 1 })
        .upload(content)
        .pipe(
          tap(({ status, uploaded }) => {
            if (status === 'waiting') stalled = false;
            else if (!states.some((state) => state.status === 'waiting')) stalled ||= uploaded > 64 * KIB;
          }),
        )
        .subscribe((state) => states.push(state));
      await until(states, 'uploading');
      for (let ticks = 0; ticks < 100; ticks++) await tick();
      jest.advanceTimersByTime(8000);
      jest.advanceTimersByTime(1);
      await until(states, 'completed');
      expect(states.filter(({ status }) => status === 'waiting')).toMatchObject([{ reason: { code: 'ACK_TIMEOUT' } }]);
      expect([gateway.drops, gateway.connections]).toEqual([0, 1]);
    });

    it('waits for as long as the server says that it is at work on the upload', async () => {
      let stalled = false;
      gateway.fault = ({ event }) => (stalled && event !== 'begin_upload' ? 'stall' : undefined);
      const states: UploadState[] = [];
      const subscription = clientOf(gateway, { ackTimeoutMs: 8000 })
        .upload(content)
        .pipe(tap(({ uploaded }) => (stalled ||= uploaded > 64 * KIB)))
        .subscribe((state) => states.push(state));
      await until(states, 'uploading');
      for (let ticks = 0; ticks < 100; ticks++) await tick();
      for (let signs = 0; signs < 30; signs++) {
        jest.advanceTimersByTime(2500);
        gateway.working(states.at(-1)!.sessionID, 'inspecting');
      }
      expect(states.map(({ status }) => status)).not.toContain('waiting');
      jest.advanceTimersByTime(8000);
      const waits = states.filter(({ status }) => status === 'waiting');
      expect(waits).toMatchObject([{ reason: { code: 'ACK_TIMEOUT' } }]);
      subscription.unsubscribe();
    });

    it('waits longer and longer for a check after the last byte that fails each time, and gives up', async () => {
      const content = contentOf(100 * KIB);
      let failures = 0;
      const request = gateway.request.bind(gateway);
      // All bytes are kept, and the last chunk is acknowledged, an empty one too where the upload goes on; then it fails.
      gateway.request = (event, payload) => {
        const { chunk, last } = payload as { chunk: Uint8Array; last: boolean };
        if (!event.startsWith('upload_chunk_') || !last) return request(event, payload);
        return from(tick()).pipe(
          map(() => {
            const { session } = gateway;
            session.content = Buffer.concat([session.content, chunk]);
            failures++;
            setImmediate(() => gateway.fail(event.slice('upload_chunk_'.length), new UploadError('INTERNAL')));
            return accept({ offset: session.content.length, durable: 0, window: gateway.window });
          }),
        );
      };
      const states: UploadState[] = [];
      clientOf(gateway, { minRetryDelayMs: 100, maxRetryDelayMs: 10_000 })
        .upload(content)
        .subscribe((state) => states.push(state));
      for (let turns = 0; turns < 400 && states.at(-1)?.status !== 'failed'; turns++) {
        for (let ticks = 0; ticks < 20; ticks++) await tick();
        jest.advanceTimersByTime(10_000);
      }
      expect(states.at(-1)).toMatchObject({ status: 'failed', error: { code: 'INTERNAL' } });
      expect(failures).toBe(20);
      const waits = states.flatMap((state) => (state.status === 'waiting' ? [state.retryInMs!] : []));
      expect(Math.min(...waits.slice(7))).toBeGreaterThanOrEqual(5000);
    });

    it('rejects where nobody answers for giveUpAfterMs, by default for ten minutes', async () => {
      const away = Object.assign(new FakeGateway(), {
        connected$: throwError(() => new UploadError('CONNECTION_LOST')),
      });
      const ended: unknown[] = [];
      const client = clientOf(away, { minRetryDelayMs: 100, maxRetryDelayMs: 10_000 });
      void client.uploadToEnd(content, { giveUpAfterMs: 30_000 }).catch((error) => ended.push(error));
      void client.uploadToEnd(content).catch((error) => ended.push(error));
      const pass = async (seconds: number) => {
        for (let second = 0; second < seconds; second++) {
          await tick();
          jest.advanceTimersByTime(1000);
        }
        await tick();
      };
      await pass(29);
      expect(ended).toEqual([]);
      await pass(2);
      expect(ended).toMatchObject([{ code: 'CONNECTION_LOST' }]);
      await pass(565);
      expect(ended).toHaveLength(1);
      await pass(10);
      expect(ended).toMatchObject([{ code: 'CONNECTION_LOST' }, { code: 'CONNECTION_LOST' }]);
    });

    it('drops a silent connection on which a begin is not answered within a minute', async () => {
      gateway.silentMs = 60_000;
      gateway.fault = (_request, index) => (index === 0 ? 'stall' : undefined);
      const states: UploadState[] = [];
      clientOf(gateway, { minRetryDelayMs: 1, maxRetryDelayMs: 1 })
        .upload(content, { sessionID: SESSION })
        .subscribe((state) => states.push(state));
      while (gateway.requests.length === 0) await tick();
      await tick();
      jest.advanceTimersByTime(59_999);
      expect(gateway.drops).toBe(0);
      jest.advanceTimersByTime(1);
      expect(gateway.drops).toBe(1);
      jest.advanceTimersByTime(1);
      await until(states, 'completed');
    });

    it('is cancelled after three seconds where the server can not be reached', async () => {
      const controls = new UploadControls();
      controls.cancel();
      gateway.fault = () => 'stall';
      const states: UploadState[] = [];
      clientOf(gateway)
        .upload(content, { controls })
        .subscribe((state) => states.push(state));
      while (gateway.requests.length === 0) await tick();
      await tick();
      jest.advanceTimersByTime(3000);
      await until(states, 'cancelled');
    });
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

/** Lets what is ready happen: promises settle, the gateway reads and answers a request. */
const tick = () => new Promise((resolve) => setImmediate(resolve));

const liveSource = (stream: Readable, bufferBytes = 1024 * KIB) =>
  new StreamSource(stream, { ...FACTS, size: undefined, bufferBytes });

/** Jest compares large buffers a thousand times slower. */
function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual).toHaveLength(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

/** Bytes that were sent more than once. */
function resentBytes(gateway: FakeGateway): number {
  const sent = gateway.requestsOf('chunk').map(({ payload }) => (payload['chunk'] as Uint8Array).length);
  return sent.reduce((sum, bytes) => sum + bytes, 0) - gateway.session.content.length;
}
