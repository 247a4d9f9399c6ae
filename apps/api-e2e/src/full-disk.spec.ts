import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient } from '@upload-streams/client/node';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { Gateway } from './support/gateway.js';
import { newSessionID, WireClient } from './support/wire-client.js';

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'upload-streams-small-disk-'));

/** A disk of 8 MiB; undefined where this user may not mount one. */
function mountSmallDisk(): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'ignore' });
    return folder;
  } catch {
    process.stderr.write('Skipped: a full disk, which needs a small tmpfs (run as root on Linux).\n');
    return undefined;
  }
}

const disk = mountSmallDisk();
afterAll(() => {
  if (disk) execFileSync('umount', [disk]);
  rmSync(folder, { recursive: true });
});

(disk ? describe : describe.skip)('a full disk', () => {
  let gateway: Gateway;

  beforeAll(async () => {
    gateway = await Gateway.start({ DATA_DIR: join(disk!, 'data') });
  });
  afterAll(() => gateway.close());

  const full = { ok: false, error: expect.objectContaining({ code: 'STORAGE_FULL', recovery: 'fatal' }) };

  it('refuses a file that has no room before a byte of it is sent', async () => {
    const client = await WireClient.connect(gateway.url);
    expect(await client.begin(newSessionID(), { size: 9 * MIB })).toEqual(full);
    client.close();
  });

  it('frees what a live stream took that no longer fits, and says so', async () => {
    const client = await WireClient.connect(gateway.url);
    const sessionID = newSessionID();
    await client.begin(sessionID);
    const acks = [];
    for (let offset = 0; offset < 9 * MIB; offset += MIB)
      acks.push(await client.chunk(sessionID, offset, randomBytes(MIB)));
    expect(acks.find(({ ok }) => !ok)).toEqual(full);
    expect(await gateway.partialFiles()).toEqual([]);
    client.close();
  });

  it('fails the upload of the engine with that error, and has room again for the next one', async () => {
    const client = createNodeUploadClient({ url: gateway.url });
    const endless = Readable.from(Array.from({ length: 20 }, () => randomBytes(MIB)));
    await expect(client.uploadToEnd(endless)).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    const bytes = randomBytes(5 * MIB);
    expect(await client.uploadToEnd(bytes)).toMatchObject({ size: 5 * MIB, crc32: crc32(bytes) });
    client.close();
  });
});
