import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createNodeUploadClient } from '@upload-streams/client/node';
import type { Ack, ChunkWritten } from '@upload-streams/protocol';
import { type GatewayProcess, sha256 } from '@upload-streams/testing';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { lastValueFrom, tap, toArray } from 'rxjs';
import { startGateway } from './support/gateway.js';
import { newSessionID, WireClient } from './support/wire-client.js';

const MIB = 1024 * 1024;
const folder = mkdtempSync(join(tmpdir(), 'upload-streams-small-disk-'));

/** A disk of 8 MiB. Undefined if this user may not mount one. */
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
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await startGateway({ DATA_DIR: join(disk!, 'data') });
  });
  afterAll(() => gateway.close());

  afterEach(async () => {
    await rm(ballast, { force: true });
  });

  const full = { ok: false, error: expect.objectContaining({ code: 'STORAGE_FULL', recovery: 'retry' }) };
  /** Fills the disk, as another program could, and leaves this many bytes free. */
  const ballast = join(folder, 'ballast');
  const fillBut = async (bytes: number) => {
    const { bavail, bsize } = await statfs(folder);
    await writeFile(ballast, Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
  };
  const readiness = async () => (await fetch(`${gateway.url}/health/ready`)).status;

  it('refuses a file that has no room before a byte of it is sent', async () => {
    const client = await WireClient.connect(gateway.url);
    expect(await client.begin(newSessionID(), { size: 9 * MIB })).toEqual(full);
    client.close();
  });

  it('counts what all uploads declared together: of two that do not both have room, the second one waits', async () => {
    const [first, second] = [await WireClient.connect(gateway.url), await WireClient.connect(gateway.url)];
    const [mine, theirs] = [newSessionID(), newSessionID()];
    expect(await first.begin(mine, { size: 4 * MIB })).toMatchObject({ ok: true });
    expect(await second.begin(theirs, { size: 4 * MIB })).toEqual(full);
    await first.cancel(mine);
    expect(await second.begin(theirs, { size: 4 * MIB })).toMatchObject({ ok: true });
    await second.cancel(theirs);
    first.close();
    second.close();
  });

  it('keeps what everybody has, completes what was promised room, and goes on with the rest once there is more', async () => {
    const [owner, other] = [await WireClient.connect(gateway.url), await WireClient.connect(gateway.url)];
    const [declared, stream] = [newSessionID(), newSessionID()];
    const [small, large] = [randomBytes(2 * MIB), randomBytes(4 * MIB)];
    await owner.begin(declared, { size: small.length });
    await owner.chunk(declared, 0, small.subarray(0, MIB));
    await fillBut(4 * MIB);
    await other.begin(stream);
    let sent = 0;
    let ack: Ack<ChunkWritten>;
    do {
      ack = await other.chunk(stream, sent, large.subarray(sent, sent + MIB / 2));
      if (ack.ok) sent = ack.offset;
    } while (ack.ok);
    expect(ack).toEqual(full);
    expect(sent).toBeGreaterThanOrEqual(MIB);
    expect(sent).toBeLessThan(3 * MIB);
    expect(await gateway.partialFiles()).toHaveLength(2);

    const done = owner.success(declared);
    await owner.chunk(declared, MIB, small.subarray(MIB), { last: true, fileCrc32: crc32(small) });
    const first = await done;
    expect(first).toMatchObject({ sha256: sha256(small) });

    expect(await other.begin(stream)).toMatchObject({
      ok: true,
      offset: sent,
      prefixCrc32: crc32(large.subarray(0, sent)),
    });
    await rm(ballast);
    const complete = other.success(stream);
    for (; sent < large.length; sent += MIB / 2) {
      const last = sent + MIB / 2 >= large.length;
      const chunk = large.subarray(sent, sent + MIB / 2);
      const written = await other.chunk(stream, sent, chunk, { last, fileCrc32: last ? crc32(large) : undefined });
      expect(written).toMatchObject({ ok: true });
    }
    const second = await complete;
    expect(second).toMatchObject({ sha256: sha256(large) });
    const hashes = Object.values(await gateway.storedFiles());
    expect(hashes.sort()).toEqual([sha256(small), sha256(large)].sort());
    owner.close();
    other.close();
    for (const { url } of [first, second]) await fetch(gateway.url + url, { method: 'DELETE' });
  });

  it('is not ready while the disk is full, and is again afterwards', async () => {
    expect(await readiness()).toBe(200);
    await fillBut(MIB / 2);
    expect(await readiness()).toBe(503);
    await rm(ballast);
    expect(await readiness()).toBe(200);
  });

  it('lets the upload of the engine wait for room, and complete then', async () => {
    await fillBut(3 * MIB);
    const client = createNodeUploadClient({ url: gateway.url });
    const bytes = randomBytes(4 * MIB);
    const waiting = client.upload(bytes).pipe(
      tap(({ status }) => status === 'waiting' && rmSync(ballast, { force: true })),
      toArray(),
    );
    const states = await lastValueFrom(waiting);
    expect(states.map(({ status }) => status)).toContain('waiting');
    expect(states.at(-1)).toMatchObject({ status: 'completed' });
    expect(Object.values(await gateway.storedFiles())).toEqual([sha256(bytes)]);
    client.close();
  });
});
