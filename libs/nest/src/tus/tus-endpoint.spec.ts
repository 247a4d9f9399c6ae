import 'reflect-metadata';
import { afterEach, describe, expect, it } from '@jest/globals';
import { VersioningType, type INestApplication } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { deferred } from '../concurrency/deferred.js';
import type { PartialFile } from '../contracts/partial-file.js';
import { ALICE, PLATFORMS } from '../http/testing/http-host.js';
import { DiskStorage, UPLOAD_STORAGE_BACKEND, type StoredFile } from '../index.js';
import { sha256, TusHost } from './testing/tus-host.js';

const MIB = 1024 * 1024;
const content = new Uint8Array(randomBytes(MIB));

/** A disk that writes nothing until it may. */
class StuckDisk extends DiskStorage {
  readonly mayWrite = deferred<void>();

  override async create(file: StoredFile): Promise<PartialFile> {
    return this.stuck(await super.create(file));
  }

  override async open(...args: Parameters<DiskStorage['open']>): Promise<PartialFile> {
    return this.stuck(await super.open(...args));
  }

  private stuck(file: PartialFile): PartialFile {
    const append = async (offset: number, bytes: Uint8Array) => {
      await this.mayWrite.promise;
      await file.append(offset, bytes);
    };
    return Object.assign(Object.create(file) as PartialFile, { append });
  }
}

describe.each(PLATFORMS)('the endpoint of tus with %s', (_, newAdapter) => {
  let tus: TusHost | undefined;
  afterEach(async () => {
    await tus?.close();
    tus = undefined;
  });

  it.each<[string, string, ((app: INestApplication) => void) | undefined, object]>([
    ['with a path', '/media/uploads', undefined, { path: '/media/uploads/' }],
    ['with a global prefix', '/shop/api/tus', (app) => app.setGlobalPrefix('shop'), {}],
    ['with a version', '/v2/api/tus', (app) => app.enableVersioning({ type: VersioningType.URI }), { version: '2' }],
  ])('is served %s, where its upload URLs lead', async (_how, path, configure, options) => {
    tus = await TusHost.start(newAdapter(), { tus: options }, configure);
    const uploaded = await tus.send(Buffer.from(content), { endpoint: `${tus.host.url}${path}` });
    expect(uploaded.startsWith(path)).toBe(true);
    expect(sha256(await tus.bytesAt(uploaded))).toBe(sha256(content));
  });

  it('has absolute upload URLs if it knows the public one', async () => {
    tus = await TusHost.start(newAdapter(), { tus: { publicUrl: 'https://files.example.com/gateway/' } });
    expect(await tus.create(1)).toMatch(/^https:\/\/files\.example\.com\/gateway\/api\/tus\/[\w-]{32}$/);
  });

  it('ends a request whose client sends nothing for too long, and keeps what arrived', async () => {
    tus = await TusHost.start(newAdapter(), { tus: { idleTimeoutMs: 100 } });
    const path = await tus.create(content.length);
    const { sent, answer } = tus.slowPatch(path, 0, content.length);
    sent.write(content.slice(0, 1000));
    expect((await answer).statusCode).toBe(408);
    sent.destroy();
    expect(await tus.offsetOf(path)).toBe(1000);
  });

  it('reads no more than it can write', async () => {
    const disks: StuckDisk[] = [];
    const provider = {
      provide: UPLOAD_STORAGE_BACKEND,
      useFactory: (folder: string) => disks[disks.push(new StuckDisk(folder)) - 1],
      inject: ['FOLDER'],
    };
    tus = await TusHost.startIn(newAdapter(), (dataDir) => ({
      options: { maxChunkBytes: MIB },
      extras: { providers: [{ provide: 'FOLDER', useValue: dataDir }, provider] },
    }));
    const pieces = 64;
    const path = await tus.create(pieces * MIB);
    const { sent, answer } = tus.slowPatch(path, 0, pieces * MIB);
    let accepted = 0;
    const sending = (async () => {
      for (; accepted < pieces; accepted++) await new Promise((resolve) => sent.write(content, resolve));
    })();
    // The kernel buffers some MiB. Then the client stands still.
    for (let before = -1, still = 0; still < 1000; before = accepted) {
      await setImmediate();
      still = before === accepted && accepted > 0 ? still + 1 : 0;
    }
    expect(accepted).toBeLessThan(pieces / 2);
    disks[0]!.mayWrite.resolve();
    await sending;
    sent.end();
    expect((await answer).statusCode).toBe(204);
    expect((await tus.files())[0]).toMatchObject({ size: pieces * MIB });
  });

  it('leaves the answers of guards of the application alone', async () => {
    const guard = { canActivate: () => false };
    tus = await TusHost.start(newAdapter(), { guards: [guard] });
    const response = await tus.fetch('/api/tus', 'POST', { 'Upload-Length': '1', Authorization: `Bearer ${ALICE}` });
    expect([response.status, await response.json()]).toMatchObject([403, { statusCode: 403 }]);
  });
});
