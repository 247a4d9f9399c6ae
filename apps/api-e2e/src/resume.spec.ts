import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createNodeUploadClient,
  UploadControls,
  type NodeUploadClient,
  type UploadState,
} from '@upload-streams/client/node';
import { type GatewayProcess, sha256 } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { filter, firstValueFrom, lastValueFrom, ReplaySubject, tap } from 'rxjs';
import { startGateway } from './support/gateway.js';

const content = randomBytes(48 * 1024 * 1024);

describe('resume', () => {
  let gateway: GatewayProcess;
  let client: NodeUploadClient;
  let path: string;

  beforeAll(async () => {
    gateway = await startGateway();
    client = createNodeUploadClient({ url: gateway.url, token: 'owner-of-these-tests-0123456789' });
    path = join(gateway.dataDir, 'source.bin');
    await writeFile(path, content);
  });
  afterAll(async () => {
    client.close();
    await gateway.close();
  });

  /** Uploads, interrupts after a third of the file, and returns all states. The last one must be `completed`. */
  async function uploadInterrupted(
    source: string | Readable,
    interrupt: () => void | Promise<void>,
    controls?: UploadControls,
  ) {
    const states = new ReplaySubject<UploadState>();
    const upload$ = client.upload(source, { fileName: 'resumed.bin', ...(controls && { controls }) }).pipe(tap(states));
    const third = firstValueFrom(states.pipe(filter(({ uploaded }) => uploaded > content.length / 3)));
    const [last] = await Promise.all([lastValueFrom(upload$), third.then(interrupt)]);
    const seen: UploadState[] = [];
    states.subscribe((state) => seen.push(state));
    return { last, seen };
  }

  async function expectStored(last: UploadState): Promise<void> {
    expect(last.status).toBe('completed');
    const fileId = last.status === 'completed' && last.file.fileId;
    expect((await gateway.storedFiles())[`${fileId}/resumed.bin`]).toBe(sha256(content));
    expect(await gateway.partialFiles()).toEqual([]);
  }

  it('goes on by itself after the server was killed and came back', async () => {
    const { last, seen } = await uploadInterrupted(path, () => gateway.restart('SIGKILL'));
    expect(seen.map(({ status }) => status)).toContain('waiting');
    await expectStored(last);
  });

  it('goes on by itself after the server was restarted in good order', async () => {
    const { last, seen } = await uploadInterrupted(path, () => gateway.restart());
    const reasons = seen.flatMap((state) => (state.status === 'waiting' ? [state.reason.code] : []));
    expect(reasons).toContain('SERVER_DRAINING');
    await expectStored(last);
  });

  it('goes on with a stream that can be read only once', async () => {
    const pieces = Array.from({ length: 96 }, (_, n) => content.subarray(n * 512 * 1024, (n + 1) * 512 * 1024));
    const { last } = await uploadInterrupted(Readable.from(pieces), () => gateway.restart('SIGKILL'));
    await expectStored(last);
  });

  it('pauses, and goes on from where it was', async () => {
    const controls = new UploadControls();
    const states: string[] = [];
    const paused = uploadInterrupted(
      path,
      () => {
        controls.pause();
        controls.resume();
      },
      controls,
    );
    const { last, seen } = await paused;
    states.push(...seen.map(({ status }) => status));
    expect(states).toContain('paused');
    const afterPause = seen.slice(states.indexOf('paused')).find(({ status }) => status === 'uploading');
    expect(afterPause?.uploaded).toBeGreaterThan(content.length / 3);
    await expectStored(last);
  });

  it('cancels: nothing is left on the server', async () => {
    const controls = new UploadControls();
    const { last } = await uploadInterrupted(path, () => controls.cancel(), controls);
    expect(last.status).toBe('cancelled');
    expect(await gateway.partialFiles()).toEqual([]);
  });

  it('uploads anew, under another session, where the file changed meanwhile', async () => {
    const sessionID = 'S'.repeat(22);
    const halfway$ = client.upload(content.subarray(), { fileName: 'resumed.bin', sessionID });
    await firstValueFrom(halfway$.pipe(filter(({ uploaded }) => uploaded > content.length / 3)));
    const changed = Buffer.from(content);
    changed[10]! ^= 1;
    const last = await lastValueFrom(client.upload(changed, { fileName: 'resumed.bin', sessionID }));
    expect(last).toMatchObject({ status: 'completed' });
    expect(last.sessionID).not.toBe(sessionID);
    const fileId = last.status === 'completed' && last.file.fileId;
    expect((await gateway.storedFiles())[`${fileId}/resumed.bin`]).toBe(sha256(changed));
  });

  it.each([1000, 1_000_000])(
    'does not take another file of %d bytes, completed under its session ID, for its own',
    async (size) => {
      const options = { fileName: 'same.bin', sessionID: String(size).padEnd(22, '_') };
      const [one, other] = [randomBytes(size), randomBytes(size)];
      const first = await client.uploadToEnd(one, options);
      const again = await client.uploadToEnd(one, options);
      expect(again.fileId).toBe(first.fileId);
      const second = await client.uploadToEnd(other, options);
      expect(second.fileId).not.toBe(first.fileId);
      expect((await gateway.storedFiles())[`${second.fileId}/same.bin`]).toBe(sha256(other));
    },
  );
});
