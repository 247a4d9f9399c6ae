import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient, type UploadState } from '@upload-streams/client/node';
import { FaultProxy, type GatewayProcess } from '@upload-streams/testing';
import type { Ack, BegunUpload } from '@upload-streams/protocol';
import fc from 'fast-check';
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lastValueFrom, Subject, takeUntil, tap } from 'rxjs';
import { crc32 } from 'node:zlib';
import { startGateway } from './support/gateway.js';
import { newSessionID, WireClient } from './support/wire-client.js';

const KIB = 1024;
const FILE_NAME = 'file.bin';
const takenOver = expect.objectContaining({ code: 'SESSION_TAKEN_OVER' });

describe('takeover', () => {
  let gateway: GatewayProcess;
  let oldLink: FaultProxy;
  let newLink: FaultProxy;

  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());
  beforeEach(async () => {
    const { port } = gateway;
    [oldLink, newLink] = await Promise.all([FaultProxy.open({ port }), FaultProxy.open({ port })]);
  });
  afterEach(async () => {
    await Promise.all([oldLink.close(), newLink.close()]);
  });

  const stored = (fileId: string) => readFile(join(gateway.dataDir, 'files', fileId, FILE_NAME));

  describe('of a frozen connection', () => {
    const content = randomBytes(256 * KIB);
    const half = content.length / 2;
    let holder: WireClient;
    let successor: WireClient;
    let sessionID: string;

    beforeEach(async () => {
      sessionID = newSessionID();
      holder = await WireClient.connect(oldLink.url);
      await holder.begin(sessionID, { size: content.length });
      await holder.chunk(sessionID, 0, content.subarray(0, half));
    });
    afterEach(async () => {
      holder.close();
      successor.close();
      expect(await gateway.partialFiles()).toEqual([]);
    });

    const finish = (client: WireClient) =>
      client.chunk(sessionID, half, content.subarray(half), { last: true, fileCrc32: crc32(content) });

    it('wins in less than two round trips', async () => {
      oldLink.freeze();
      successor = await WireClient.connect(newLink.url);
      // Long compared with the delays of a busy machine.
      const roundTripMs = 1500;
      newLink.shape({ upstream: { delayMs: roundTripMs / 2 }, downstream: { delayMs: roundTripMs / 2 } });
      const started = performance.now();
      const begun = await successor.begin(sessionID, { size: content.length });
      const tookMs = performance.now() - started;
      newLink.shape({});
      expect(begun).toMatchObject({ ok: true, offset: half });
      expect(tookMs).toBeLessThan(2 * roundTripMs);
      const success = successor.success(sessionID);
      await finish(successor);
      expect((await stored((await success).fileId)).equals(content)).toBe(true);
    });

    it('refuses what the old connection sends late, and tells it why', async () => {
      oldLink.freeze();
      const late = holder.chunk(sessionID, half, randomBytes(half));
      const told = holder.failure(sessionID);
      successor = await WireClient.connect(newLink.url);
      await successor.begin(sessionID, { size: content.length });
      oldLink.unfreeze();
      expect(await told).toEqual(takenOver);
      expect(await late).toEqual({ ok: false, error: takenOver });
      const success = successor.success(sessionID);
      expect(await finish(successor)).toMatchObject({ ok: true });
      expect((await stored((await success).fileId)).equals(content)).toBe(true);
    });

    it('refuses what comes late after the upload is complete', async () => {
      oldLink.freeze();
      const late = holder.chunk(sessionID, half, randomBytes(half));
      successor = await WireClient.connect(newLink.url);
      await successor.begin(sessionID, { size: content.length });
      const success = successor.success(sessionID);
      await finish(successor);
      const { fileId } = await success;
      oldLink.unfreeze();
      expect(await late).toMatchObject({ ok: false, error: { code: 'UPLOAD_ALREADY_COMPLETE' } });
      expect((await stored(fileId)).equals(content)).toBe(true);
    });

    it('may be taken over by the old connection again', async () => {
      successor = await WireClient.connect(newLink.url);
      await successor.begin(sessionID, { size: content.length });
      const told = successor.failure(sessionID);
      expect(await holder.begin(sessionID, { size: content.length })).toMatchObject({ ok: true, offset: half });
      expect(await told).toEqual(takenOver);
      const success = holder.success(sessionID);
      await finish(holder);
      expect((await stored((await success).fileId)).equals(content)).toBe(true);
    });
  });

  describe('by a second engine', () => {
    const size = 8 * KIB * KIB;
    const content = randomBytes(size);
    /** Stops an upload that outlives its test: uploads never give up by themselves. */
    const stop$ = new Subject<void>();
    afterEach(() => stop$.next());

    /** Two clients upload with one session ID, the second from a certain point on. Returns the last states of both. */
    async function race(first: Buffer, second: Buffer, share: number): Promise<UploadState[]> {
      const sessionID = newSessionID();
      for (const link of [oldLink, newLink]) link.shape({ upstream: { bytesPerSecond: 40 * KIB * KIB } });
      const clients = [oldLink, newLink].map(({ url }) => createNodeUploadClient({ url, minRetryDelayMs: 20 }));
      const [older, newer] = clients;
      let later: Promise<UploadState> | undefined;
      const start = () =>
        lastValueFrom(newer!.upload(second, { fileName: FILE_NAME, sessionID }).pipe(takeUntil(stop$)));
      const earlier = await lastValueFrom(
        older!.upload(first, { fileName: FILE_NAME, sessionID }).pipe(
          takeUntil(stop$),
          tap(({ status, uploaded }) => {
            if (status === 'uploading' && uploaded >= size * share) later ??= start();
          }),
        ),
      );
      const ends = [earlier, await (later ?? start())];
      for (const client of clients) client.close();
      return ends;
    }

    it('goes on with the same file where the first was, and the first is told', async () => {
      const [first, second] = await race(content, content, 0.3);
      expect(first).toMatchObject({ status: 'failed', error: { code: 'SESSION_TAKEN_OVER' } });
      expect(second).toMatchObject({ status: 'completed' });
      expect(await gateway.partialFiles()).toEqual([]);
      expect(oldLink.sent('upstream') + newLink.sent('upstream')).toBeLessThan(1.8 * size);
    });

    it('never mixes the bytes of two files, whenever the second one comes', async () => {
      const other = randomBytes(size);
      await fc.assert(
        fc.asyncProperty(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), async (share, same) => {
          const sources = [content, same ? content : other];
          const ends = await race(sources[0]!, sources[1]!, share);
          expect(ends.map(({ status }) => status)).toContain('completed');
          for (const [n, end] of ends.entries()) {
            if (end.status === 'completed') expect((await stored(end.file.fileId)).equals(sources[n]!)).toBe(true);
            else expect(end).toMatchObject({ status: 'failed', error: { code: 'SESSION_TAKEN_OVER' } });
          }
        }),
        { numRuns: 12 },
      );
    }, 60_000);
  });

  it('stores one of two files or none, whatever two fighting connections send', async () => {
    const chunkBytes = KIB;
    const chunks = 4;
    const files = [randomBytes(chunks * chunkBytes), randomBytes(chunks * chunkBytes)];
    /** Who acts, whether it begins or sends the chunk that it expects to be next, and whether it waits for the ack. */
    const step = fc.record({ who: fc.integer({ min: 0, max: 1 }), begins: fc.boolean(), waits: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), async (steps) => {
        const sessionID = newSessionID();
        const fighters = await Promise.all([oldLink, newLink].map(({ url }) => WireClient.connect(url)));
        const next = [0, 0];
        const fileIds: string[] = [];
        const pending: Promise<unknown>[] = [];
        for (const { socket } of fighters) {
          socket.on(`upload_success_${sessionID}`, ({ fileId }: { fileId: string }) => fileIds.push(fileId));
        }
        const begin = async (who: number) => {
          const ack: Ack<BegunUpload> = await fighters[who]!.begin(sessionID, { size: files[who]!.length });
          if (ack.ok) next[who] = ack.offset;
        };
        const send = (who: number) => {
          const offset = next[who]!;
          const end = offset + chunkBytes;
          const last = end >= files[who]!.length;
          next[who] = Math.min(end, (chunks - 1) * chunkBytes);
          const bytes = files[who]!.subarray(offset, end);
          return fighters[who]!.chunk(sessionID, offset, bytes, last ? { last, fileCrc32: crc32(files[who]!) } : {});
        };
        for (const { who, begins, waits } of steps) {
          const done = begins ? begin(who) : send(who);
          if (waits) await done;
          else pending.push(done);
        }
        await Promise.all(pending);
        const ending: Ack<BegunUpload> = await fighters[0]!.begin(sessionID, { size: files[0]!.length });
        if (ending.ok && ending.completed) fileIds.push(ending.completed.fileId);
        for (const fileId of fileIds) {
          const bytes = await stored(fileId);
          expect(files.some((file) => file.equals(bytes))).toBe(true);
        }
        if (ending.ok && !ending.completed) await fighters[0]!.cancel(sessionID);
        for (const fighter of fighters) fighter.close();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
