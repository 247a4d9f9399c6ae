import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { crc32, UploadError } from '@upload-streams/protocol';
import { Readable } from 'node:stream';
import { lastValueFrom, of, tap } from 'rxjs';
import { BytesSource } from './adapters/sources/bytes-source.js';
import type { ChunkSource } from './ports/chunk-source.js';
import { FakeGateway } from './testing/fake-gateway.js';
import { clientOf, contentOf, expectBytes, FACTS, KIB, liveSource, tick } from './testing/client-of.js';
import { UploadClient } from './upload-client.js';
import { UploadControls } from './upload-controls.js';
import { resolveClientOptions } from './options/client-options.js';
import type { UploadState } from './state/upload-state.js';

describe('UploadClient', () => {
  let gateway: FakeGateway;

  beforeEach(() => {
    gateway = new FakeGateway();
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

    it('sends nothing while paused, and goes on from there when resumed', async () => {
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

    it('is cancelled without asking a server that can not know the session yet', async () => {
      controls.cancel();
      expect(await lastValueFrom(clientOf(gateway).upload(content, { controls }))).toMatchObject({
        status: 'cancelled',
      });
      expect([gateway.requests.length, gateway.users]).toEqual([0, 0]);
    });

    it('is cancelled even if the server does not know the session', async () => {
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

    it('opens no source if it was aborted before', async () => {
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

  describe('with a source that does not answer', () => {
    const never = new Promise<never>(() => undefined);

    it.each(['cancel', 'pause'] as const)('obeys %s while the source is being opened', async (command) => {
      const controls = new UploadControls();
      const platform = { transport: gateway, online$: of(true), checksum: crc32, openSource: () => never };
      const states: UploadState[] = [];
      const subscription = new UploadClient(platform, resolveClientOptions({}))
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
      const subscription = new UploadClient(platform, resolveClientOptions({})).upload('slow').subscribe();
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
});
