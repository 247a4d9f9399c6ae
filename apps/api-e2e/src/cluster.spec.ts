import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient, UploadControls, type NodeUploadClient } from '@upload-streams/client/node';
import type { CompletedUpload } from '@upload-streams/protocol';
import { sha256, sha256OfStream } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { filter, firstValueFrom, lastValueFrom, tap } from 'rxjs';
import { crc32 } from 'node:zlib';
import { Cluster } from './support/cluster.js';
import { HttpClient } from './support/http-client.js';
import { newSessionID, WireClient } from './support/wire-client.js';

const TOKEN = 'owner-of-these-tests-0123456789';
const MIB = 1024 * 1024;

if (!Cluster.isInstalled) {
  process.stderr.write(
    `Skipped: the cluster, which needs more than is installed here (apt-get install ${Cluster.packages}).\n`,
  );
}

(Cluster.isInstalled ? describe : describe.skip)('three gateways on one Redis and one object store', () => {
  let cluster: Cluster;
  let clients: { close(): void }[];

  beforeAll(async () => {
    cluster = await Cluster.start(3);
  }, 60_000);
  afterAll(() => cluster.close());
  beforeEach(() => {
    clients = [];
  });
  afterEach(() => clients.forEach((client) => client.close()));

  function clientOf(url: string): NodeUploadClient {
    const client = createNodeUploadClient({ url, token: TOKEN });
    clients.push(client);
    return client;
  }

  async function wireTo(index: number): Promise<WireClient> {
    const client = await WireClient.connect(cluster.node(index).url, TOKEN);
    clients.push(client);
    return client;
  }

  /** SHA-256 of a file, downloaded from a node that it was not uploaded to. */
  async function storedSha256(file: CompletedUpload, index = 2): Promise<string> {
    const response = await new HttpClient(cluster.node(index).url, TOKEN).get(file.url);
    return sha256OfStream(response.body!);
  }

  it('neither needs nor makes a data folder', async () => {
    const node = await cluster.startAnother({ DATA_DIR: '/dev/null/never-made' });
    await node.stop();
  });

  it('stores a file through nginx that every node serves', async () => {
    const content = randomBytes(20 * MIB);
    const file = await clientOf(cluster.url).uploadToEnd(content, { fileName: 'a.bin' });
    expect(file.sha256).toBe(sha256(content));
    for (let index = 0; index < cluster.size; index++) expect(await storedSha256(file, index)).toBe(file.sha256);
  });

  it('stores small files, and lists them on every node', async () => {
    const client = clientOf(cluster.url);
    await Promise.all(
      Array.from({ length: 20 }, (_, number) =>
        client.uploadToEnd(Buffer.from(`file ${number}`), { fileName: `small-${number}.txt` }),
      ),
    );
    for (let index = 0; index < cluster.size; index++) {
      const { files } = await new HttpClient(cluster.node(index).url, TOKEN).list('?limit=200');
      expect(files.filter(({ fileName }) => fileName.startsWith('small-'))).toHaveLength(20);
    }
  });

  it('hands a live session over with all that was acknowledged', async () => {
    const content = randomBytes(5 * MIB);
    const sessionID = newSessionID();
    const [first, second] = [await wireTo(0), await wireTo(1)];
    await first.begin(sessionID, { size: content.length });
    await first.chunk(sessionID, 0, content.subarray(0, 3 * MIB));
    const lost = first.failure(sessionID);
    const begun = await second.begin(sessionID, { size: content.length });
    // Only the node that held the session can make these bytes durable. Without its answer, the offset would be 0.
    expect(begun).toMatchObject({ ok: true, offset: 3 * MIB, durable: 3 * MIB });
    expect(await lost).toMatchObject({ code: 'SESSION_TAKEN_OVER' });
    const success = second.success(sessionID);
    const last = { last: true, fileCrc32: crc32(content) };
    expect(await second.chunk(sessionID, 3 * MIB, content.subarray(3 * MIB), last)).toMatchObject({ ok: true });
    expect(await storedSha256(await success)).toBe(sha256(content));
  });

  it('goes on elsewhere while the node that held the session is frozen, which then can do no harm', async () => {
    const content = randomBytes(24 * MIB);
    const sessionID = newSessionID();
    const [first, second] = [await wireTo(0), await wireTo(1)];
    await first.begin(sessionID, { size: content.length });
    await first.chunk(sessionID, 0, content.subarray(0, 3 * MIB));
    await first.chunk(sessionID, 3 * MIB, Buffer.alloc(0));
    const frozen = cluster.node(0).pid;
    process.kill(frozen, 'SIGSTOP');
    try {
      expect(await second.begin(sessionID, { size: content.length })).toMatchObject({ ok: true, offset: 3 * MIB });
    } finally {
      process.kill(frozen, 'SIGCONT');
    }
    // It wakes up and continues to write, up to its next checkpoint.
    for (let offset = 3 * MIB; offset < 24 * MIB; offset += MIB) {
      const ack = await first.chunk(sessionID, offset, content.subarray(offset, offset + MIB));
      if (!ack.ok) break;
    }
    const success = second.success(sessionID);
    for (let offset = 3 * MIB; offset < content.length; offset += MIB) {
      const last = offset + MIB === content.length ? { last: true, fileCrc32: crc32(content) } : {};
      const ack = await second.chunk(sessionID, offset, content.subarray(offset, offset + MIB), last);
      expect(ack).toMatchObject({ ok: true });
    }
    expect(await storedSha256(await success)).toBe(sha256(content));
    expect(await first.chunk(sessionID, 0, Buffer.from('x'))).toMatchObject({ ok: false });
  });

  it('finds a file complete that another node has completed', async () => {
    const content = randomBytes(MIB);
    const sessionID = newSessionID();
    const client = clientOf(cluster.node(0).url);
    const file = await client.uploadToEnd(content, { fileName: 'file.bin', sessionID });
    const begun = await (await wireTo(1)).begin(sessionID, { size: content.length });
    expect(begun).toMatchObject({ ok: true, completed: { fileId: file.fileId, sha256: file.sha256 } });
  });

  it('cancels an upload that another node holds, and leaves nothing of it', async () => {
    const sessionID = newSessionID();
    const [first, second] = [await wireTo(0), await wireTo(1)];
    await first.begin(sessionID, { size: 10 * MIB });
    await first.chunk(sessionID, 0, randomBytes(9 * MIB).subarray(0, 4 * MIB));
    expect(await second.cancel(sessionID)).toMatchObject({ ok: true });
    expect(await first.chunk(sessionID, 4 * MIB, Buffer.from('x'))).toMatchObject({ ok: false });
    expect(await second.begin(sessionID, { size: 10 * MIB })).toMatchObject({ ok: true, offset: 0 });
  });

  it('sends people to the store itself where downloads are presigned, under the name of the file', async () => {
    const content = randomBytes(MIB);
    const file = await clientOf(cluster.url).uploadToEnd(content, { fileName: 'Übersicht.html', type: 'text/html' });
    const node = await cluster.startAnother({ DOWNLOADS: 'presigned' });
    try {
      const headers = { Authorization: `Bearer ${TOKEN}` };
      const sent = await fetch(node.url + file.url, { headers, redirect: 'manual' });
      expect(sent.status).toBe(302);
      const response = await fetch(sent.headers.get('location')!);
      expect(response.url.startsWith(cluster.store.url)).toBe(true);
      expect(response.headers.get('content-disposition')).toMatch(/^attachment; .*%C3%9Cbersicht\.html/);
      expect(sha256(Buffer.from(await response.arrayBuffer()))).toBe(file.sha256);
      const stranger = await fetch(node.url + file.url, { redirect: 'manual' });
      expect(stranger.status).toBe(404);
    } finally {
      await node.stop();
    }
  });

  it('does not start without its bucket, says so, and ends', async () => {
    const start = cluster.startAnother({ S3_BUCKET: 'another-bucket' });
    await expect(start).rejects.toThrow(
      /ended with code 1:.*The bucket another-bucket at .* can't be used: there is no/s,
    );
  });

  it('waits for a Redis that is away, and goes on: no upload fails', async () => {
    const content = randomBytes(40 * MIB);
    const statuses = new Set<string>();
    const upload$ = clientOf(cluster.url).upload(content, { fileName: 'redis.bin' });
    let away: Promise<void> | undefined;
    const last = await lastValueFrom(
      upload$.pipe(
        tap(({ status, uploaded }) => {
          statuses.add(status);
          if (uploaded > 10 * MIB) away ??= cluster.redis.stop('SIGKILL').then(() => cluster.redis.startAgain());
        }),
      ),
    );
    await away;
    expect(away).toBeDefined();
    expect(last).toMatchObject({ status: 'completed', file: { sha256: sha256(content) } });
    expect(statuses).not.toContain('failed');
  });

  it('lets clients go on elsewhere when their node is killed', async () => {
    const content = randomBytes(60 * MIB);
    const controls = new UploadControls();
    const states$ = clientOf(cluster.url).upload(content, { fileName: 'killed.bin', controls });
    let killing: Promise<unknown> | undefined;
    const killAll = async () => {
      for (let index = 0; index < cluster.size; index++) await cluster.replace(index, 'SIGKILL');
    };
    const last = await firstValueFrom(
      states$.pipe(
        tap(({ uploaded }) => {
          if (uploaded > 20 * MIB) killing ??= killAll();
        }),
        filter(({ status }) => status === 'completed' || status === 'failed'),
      ),
    );
    await killing;
    expect(last).toMatchObject({ status: 'completed', file: { sha256: sha256(content) } });
  }, 60_000);

  it('loses no upload and shows no error while all nodes are replaced one after the other', async () => {
    const contents = Array.from({ length: 6 }, (_, index) => randomBytes((index + 1) * 5 * MIB));
    const client = clientOf(cluster.url);
    const failed: string[] = [];
    const uploads = contents.map((content, index) =>
      lastValueFrom(
        client.upload(content, { fileName: `rolling-${index}.bin` }).pipe(
          tap((state) => {
            if (state.status === 'failed') failed.push(state.error.code);
          }),
        ),
      ),
    );
    for (let index = 0; index < cluster.size; index++) await cluster.replace(index, 'SIGTERM');
    const last = await Promise.all(uploads);
    expect(failed).toEqual([]);
    expect(last.map((state) => state.status === 'completed' && state.file.sha256)).toEqual(contents.map(sha256));
  }, 60_000);
});
