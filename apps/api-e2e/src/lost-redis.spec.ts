import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { sha256 } from '@upload-streams/testing';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Cluster } from './support/cluster.js';
import { ENTRY } from './support/entry.ts';
import { HttpClient } from './support/http-client.js';

const REBUILD = join(dirname(ENTRY), 'rebuild-catalogue.js');
const token = randomBytes(24).toString('base64url');

if (!Cluster.isInstalled) {
  process.stderr.write(
    `Skipped: a lost catalogue in Redis, which needs more than is installed here (apt-get install ${Cluster.packages}).\n`,
  );
}

(Cluster.isInstalled ? describe : describe.skip)('a catalogue in Redis that is lost', () => {
  let cluster: Cluster;
  let digests: readonly string[];

  beforeEach(async () => {
    cluster = await Cluster.start(1);
    const client = createNodeUploadClient({ url: cluster.node(0).url, token });
    for (const size of [100, 9_000_000]) await client.uploadToEnd(randomBytes(size), { fileName: `${size}.bin` });
    client.close();
    digests = await storedDigests(cluster.node(0).url);
  }, 60_000);
  afterEach(() => cluster.close());

  async function storedDigests(url: string): Promise<readonly string[]> {
    const http = new HttpClient(url, token);
    const { files } = await http.list();
    return Promise.all(
      files.map(async (file) => {
        const bytes = await (await http.get(file.url)).arrayBuffer();
        return `${file.fileName} ${file.createdAt} ${sha256(new Uint8Array(bytes))}`;
      }),
    );
  }

  it('stops the start, wherever the gateway looks for it, and every file is back once it is rebuilt', async () => {
    expect(digests).toHaveLength(2);
    await cluster.node(0).stop('SIGTERM');
    const refused = 'There are stored files, but the catalogue is empty';
    const { REDIS_URL, DATA_DIR } = cluster.settings;
    await expect(cluster.startAnother({ REDIS_URL: `${REDIS_URL}/1` })).rejects.toThrow(refused);
    const folder = await mkdtemp(join(tmpdir(), 'lost-catalogue-'));
    const alone = { SESSION_STORE: 'sqlite', DATA_DIR: folder };
    await expect(cluster.startAnother(alone)).rejects.toThrow(refused);
    await rm(folder, { recursive: true });

    execFileSync('redis-cli', ['-u', REDIS_URL!, 'FLUSHALL']);
    await expect(cluster.startAnother({ DATA_DIR: DATA_DIR! })).rejects.toThrow(refused);
    const env = { ...process.env, NODE_OPTIONS: '', ...cluster.settings };
    const { stdout, status } = spawnSync(process.execPath, [REBUILD], { env, encoding: 'utf8' });
    expect({ stdout, status }).toMatchObject({ status: 0, stdout: expect.stringContaining('2 files restored') });
    const again = await cluster.startAnother({ DATA_DIR: DATA_DIR! });
    expect(await storedDigests(again.url)).toEqual(digests);
    await again.stop('SIGTERM');
  }, 120_000);
});
