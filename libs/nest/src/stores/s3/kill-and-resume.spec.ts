import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { FaultProxy, SwiftServer } from '@upload-streams/testing';
import fc from 'fast-check';
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { UploadSession } from '../../session/upload-session.js';
import { WindowBudget } from '../../session/flow/window-budget.js';
import { openSession } from '../../session/session-opener.js';
import type { Checkpoint, SessionRecord } from '../../contracts/records.js';
import { StorageService } from '../../storage/storage.service.js';
import { sessionOf } from '../../testing/session-records.js';
import { describeWhere } from '../../testing/describe-where.js';
import { TestConnection } from '../../testing/test-connection.js';
import { resolveUploadOptions } from '../../upload-options.js';
import { S3Storage } from './s3-storage.js';

const MIB = 1024 * 1024;
const MAX_SENT_TWICE = 16 * MIB;
/** A client fills its window at once; the store takes this much a second. */
const STORE_BYTES_PER_SECOND = 40 * MIB;

/** An upload that is killed and goes on, until it is complete. */
interface Life {
  readonly fileMib: number;
  readonly oddBytes: number;
  /** Sizes of chunks, used in turn. */
  readonly chunks: readonly number[];
  /** Milliseconds of each life of the gateway; the last one goes on to the end. */
  readonly lives: readonly number[];
}

const lives: fc.Arbitrary<Life> = fc.record({
  fileMib: fc.integer({ min: 9, max: 36 }),
  oddBytes: fc.integer({ min: 0, max: 4095 }),
  chunks: fc.array(fc.oneof(fc.constant(MIB), fc.constant(4 * MIB), fc.integer({ min: 64 * 1024, max: 3 * MIB })), {
    minLength: 1,
    maxLength: 4,
  }),
  lives: fc.array(fc.integer({ min: 100, max: 700 }), { minLength: 1, maxLength: 3 }),
});

describeWhere(
  SwiftServer.isInstalled,
  'an upload whose gateway is killed while the store is slower than the client',
  'apt-get install swift-proxy swift-account swift-container swift-object',
  () => {
    let server: SwiftServer;
    let slow: FaultProxy;
    let bucket: string;

    beforeAll(async () => {
      server = await SwiftServer.start();
      process.env['AWS_ACCESS_KEY_ID'] = server.accessKeyId;
      process.env['AWS_SECRET_ACCESS_KEY'] = server.secretAccessKey;
      bucket = `bucket-${randomUUID()}`;
      const client = new S3Client({ endpoint: server.url, region: server.region, forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      client.destroy();
      slow = await FaultProxy.open({ port: server.port });
      slow.shape({ upstream: { bytesPerSecond: STORE_BYTES_PER_SECOND } });
    }, 90_000);
    afterAll(async () => {
      await slow.close();
      await server.close();
    });

    /** A gateway of its own, which knows nothing but what was recorded. */
    async function begin(record: SessionRecord, note: (checkpoint: Checkpoint) => void) {
      const settings = { bucket, endpoint: slow.url, region: server.region, pathStyle: true };
      const backend = new S3Storage({ ...settings, checksums: 'when_required' });
      const options = resolveUploadOptions({ dataDir: '/nowhere' });
      const peer = new TestConnection();
      let killed = false;
      const budget = new WindowBudget(options.windowBudgetBytes, options.maxWindowBytes);
      const session = await openSession(record, peer, {
        storage: new StorageService(backend),
        budget,
        options,
        save: async (_, at) => {
          if (killed) throw new Error('a dead gateway records nothing');
          note(at);
        },
      });
      const kill = () => {
        killed = true;
        return backend.close();
      };
      return { session, peer, kill };
    }

    /** Sends as much as it may, until it is over or a chunk is refused; returns up to where it sent. */
    async function send(session: UploadSession, peer: TestConnection, content: Buffer, life: Life, over: AbortSignal) {
      const begun = session.answerBegin();
      let [sent, edge] = [begun.offset, begun.offset + begun.window];
      const acks: Promise<void>[] = [];
      const refused: unknown[] = [];
      let wake = Promise.withResolvers<void>();
      for (let turn = 0; sent < content.length && !over.aborted && refused.length === 0;) {
        const length = Math.min(life.chunks[turn % life.chunks.length]!, edge - sent, content.length - sent);
        if (length <= 0) {
          await Promise.race([wake.promise, delay(1000, undefined, { signal: over }).catch(() => undefined)]);
          wake = Promise.withResolvers();
          continue;
        }
        turn++;
        const chunk = Uint8Array.from(content.subarray(sent, sent + length));
        const last = sent + length === content.length;
        const payload = { offset: sent, chunk, crc32: crc32(chunk), last, fileCrc32: crc32(content) };
        sent += length;
        acks.push(
          session.receive(peer, payload).then(
            ({ offset, window }) => {
              edge = Math.max(edge, offset + window);
              wake.resolve();
            },
            (error: unknown) => {
              refused.push(error);
              wake.resolve();
            },
          ),
        );
      }
      return { sent, acked: Promise.all(acks).then(() => refused) };
    }

    async function live(life: Life): Promise<void> {
      const content = randomBytes(life.fileMib * MIB + life.oddBytes);
      const fileId = randomUUID().replaceAll('-', '');
      let record = sessionOf(1, { fileId, size: content.length, epoch: 1, checkpoint: { offset: 0, crc32: 0 } });
      const note = (checkpoint: Checkpoint) => (record = { ...record, checkpoint });
      for (const ms of life.lives) {
        const recorded = record.checkpoint;
        const { session, peer, kill } = await begin(record, note);
        expect(session.answerBegin()).toMatchObject({ offset: recorded.offset, durable: recorded.offset });
        expect(session.answerBegin().prefixCrc32).toBe(crc32(content.subarray(0, recorded.offset)));
        const { sent } = await send(session, peer, content, life, AbortSignal.timeout(ms));
        await kill();
        expect(sent - record.checkpoint.offset).toBeLessThanOrEqual(MAX_SENT_TWICE);
        record = { ...record, epoch: record.epoch + 1 };
      }
      const { session, peer, kill } = await begin(record, note);
      expect(session.answerBegin().offset).toBe(record.checkpoint.offset);
      const { acked } = await send(session, peer, content, life, new AbortController().signal);
      expect(await acked).toEqual([]);
      expect(await session.complete()).toMatchObject({ size: content.length, crc32: crc32(content) });
      await kill();
    }

    it('goes on from each recorded offset, sends at most 16 MiB twice, and ends with its bytes', async () => {
      await fc.assert(fc.asyncProperty(lives, live), { numRuns: 5, endOnFailure: true });
    }, 180_000);
  },
);
