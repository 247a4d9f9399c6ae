import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { accept, UploadError } from '@upload-streams/protocol';
import { Readable } from 'node:stream';
import { from, map, tap, throwError } from 'rxjs';
import { BytesSource } from '../adapters/sources/bytes-source.js';
import { FakeGateway } from '../testing/fake-gateway.js';
import {
  clientOf,
  contentOf,
  expectBytes,
  FACTS,
  faultAtChunk,
  KIB,
  liveSource,
  SESSION,
  tick,
} from '../testing/client-of.js';
import { UploadControls } from '../upload-controls.js';
import type { UploadState, UploadStatus } from '../state/upload-state.js';

describe('UploadClient', () => {
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
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

    it('ends only the attempt of one upload if other things come over its connection', async () => {
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

    it('rejects if the server can not be reached for giveUpAfterMs, by default ten minutes', async () => {
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

    it('is cancelled after three seconds if the server can not be reached', async () => {
      const controls = new UploadControls();
      controls.cancel();
      gateway.fault = () => 'stall';
      const states: UploadState[] = [];
      clientOf(gateway)
        .upload(content, { sessionID: SESSION, controls })
        .subscribe((state) => states.push(state));
      while (gateway.requests.length === 0) await tick();
      await tick();
      jest.advanceTimersByTime(3000);
      await until(states, 'cancelled');
    });
  });
});
