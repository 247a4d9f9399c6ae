import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MAX_MESSAGE_BYTES, MIN_CHUNK_BYTES } from '@upload-streams/protocol';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DiskStorage } from '../stores/disk/disk-storage.js';
import { SqliteUploadStore } from '../stores/sqlite/sqlite-upload-store.js';
import { openSessionGateway, type SessionGatewayParts } from '../testing/session-gateway.js';
import { TestConnection } from '../testing/test-connection.js';
import { OriginalWorkflow } from './original-workflow.js';

const SESSION = 'a-session-of-the-original';

describe('OriginalWorkflow', () => {
  let dataDir: string;
  let store: SqliteUploadStore;
  let disk: DiskStorage;
  let connection: TestConnection;
  let original: OriginalWorkflow;
  let gateway: Awaited<ReturnType<typeof openSessionGateway>>;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'original-workflow-'));
    store = SqliteUploadStore.open(join(dataDir, 'catalogue.db'));
    disk = new DiskStorage(dataDir);
    await open();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await gateway.sessions.drain();
    await store.close();
    await disk.close();
    await rm(dataDir, { recursive: true });
  });

  async function open(parts: Partial<SessionGatewayParts> = {}): Promise<void> {
    gateway = await openSessionGateway(dataDir, { store, backend: disk, ...parts });
    connection = new TestConnection();
    original = new OriginalWorkflow(gateway.sessions, connection);
  }

  it('stores chunks of any size, the last of which may be empty', async () => {
    await open({ options: { maxChunkBytes: MIN_CHUNK_BYTES } });
    await original.begin(SESSION);
    const content = randomBytes(3 * MIN_CHUNK_BYTES + 5);
    for (const [start, end] of [
      [0, 10],
      [10, 2 * MIN_CHUNK_BYTES + 99],
      [2 * MIN_CHUNK_BYTES + 99, content.length],
    ]) {
      const chunk = Buffer.from(content.subarray(start, end));
      expect(await original.receive(SESSION, { chunk, last: false })).toEqual({ ok: true });
    }
    await original.receive(SESSION, { chunk: Buffer.alloc(0), last: true });
    expect(await connection.ended).toMatchObject({ size: content.length, crc32: crc32(content), fileName: 'upload' });
  });

  it('takes chunks that do not wait for the ack of the begin, in their order', async () => {
    const answers = [
      original.begin(SESSION),
      original.receive(SESSION, { chunk: Buffer.from('Hello, ') }),
      original.receive(SESSION, { chunk: Buffer.from('world'), last: true }),
    ];
    expect(await Promise.all(answers)).toEqual(Array(3).fill({ ok: true }));
    expect(await connection.ended).toMatchObject({ size: 12, crc32: crc32('Hello, world') });
  });

  it('takes no more at once than two messages from a client that waits for no ack', async () => {
    await original.begin(SESSION);
    const answers = [1, 2, 3].map(() => original.receive(SESSION, { chunk: Buffer.alloc(MAX_MESSAGE_BYTES) }));
    const outcomes = await Promise.allSettled(answers);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    await expect(answers[2]).rejects.toMatchObject({ code: 'WINDOW_EXCEEDED' });
  });

  it('discards an upload of which a chunk could not be written: its client would leave a hole', async () => {
    await original.begin(SESSION);
    await original.receive(SESSION, { chunk: Buffer.from('Hello, ') });
    jest.spyOn(gateway.sessions, 'receive').mockRejectedValueOnce(new Error('the disk is away'));
    await expect(original.receive(SESSION, { chunk: Buffer.from('lost') })).rejects.toThrow('the disk is away');
    await expect(original.receive(SESSION, { chunk: Buffer.from('world'), last: true })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    expect(await readdir(join(dataDir, 'partial'))).toEqual([]);
  });

  it('leaves an upload alone that the same client begins a second time', async () => {
    await original.begin(SESSION);
    await original.receive(SESSION, { chunk: Buffer.from('Hello, ') });
    await expect(original.begin(SESSION)).rejects.toMatchObject({ code: 'SESSION_MISMATCH' });
    await original.receive(SESSION, { chunk: Buffer.from('world'), last: true });
    expect(await connection.ended).toMatchObject({ crc32: crc32('Hello, world') });
  });

  it('discards what a client leaves behind, since it can not resume', async () => {
    await original.begin(SESSION);
    await original.receive(SESSION, { chunk: Buffer.from('Hello, ') });
    await gateway.sessions.release(original);
    expect(await readdir(join(dataDir, 'partial'))).toEqual([]);
    expect(await store.find(SESSION)).toBeUndefined();
  });

  it('tells its clients of no work in progress, of which they know nothing', async () => {
    const engine = new TestConnection();
    const wanted = { resumable: true, sessionID: 'a-session-with-slow-answer', fileName: 'a', size: 5 };
    const inspect = () => engine.toldOf('inspecting');
    await open({ policy: { inspect } });
    await original.begin(SESSION);
    await original.receive(SESSION, { chunk: Buffer.from('Hello'), last: true });
    await gateway.sessions.begin(engine, wanted);
    const chunk = Buffer.from('Hello');
    const all = { offset: 0, chunk, crc32: crc32('Hello'), last: true, fileCrc32: crc32('Hello') };
    await gateway.sessions.receive(engine, wanted.sessionID, all);
    await Promise.all([engine.ended, connection.ended]);
    expect(connection.steps).toEqual([]);
  }, 20_000);
});
