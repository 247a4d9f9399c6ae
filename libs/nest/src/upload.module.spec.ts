import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Injectable, Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { UploadError } from '@upload-streams/protocol';
import { randomBytes } from 'node:crypto';
import events from 'node:events';
import http from 'node:http';
import { appendFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { filter, firstValueFrom, lastValueFrom, map, tap, toArray } from 'rxjs';
import { UploadClient, UploadClientModule } from './client/index.js';
import {
  FilesService,
  UPLOAD_AUTHENTICATOR,
  UPLOAD_POLICY,
  UploadEvents,
  UploadModule,
  type Authenticator,
  type FileRecord,
  type UploadModuleExtras,
  type UploadPolicy,
} from './index.js';

/** Another provider of the application, that wants to know of every upload. */
@Injectable()
class Thumbnails {
  readonly made: FileRecord[] = [];

  constructor(events: UploadEvents) {
    events.completed$.subscribe((file) => this.made.push(file));
  }
}

@Module({})
class Config {}

@Module({})
class HostModule {
  static with(upload: DynamicModule): DynamicModule {
    return { module: HostModule, imports: [upload], providers: [Thumbnails] };
  }
}

describe('UploadModule in a Nest application, with UploadClientModule in another', () => {
  let dataDir: string;
  const apps: { close(): Promise<void> }[] = [];

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'upload-module-'));
  });
  afterEach(async () => {
    for (const app of apps.splice(0).reverse()) await app.close();
    await rm(dataDir, { recursive: true });
  });

  async function host(upload: DynamicModule): Promise<INestApplication> {
    const app = await NestFactory.create(HostModule.with(upload), { logger: false });
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    return app;
  }

  const hostWith = (extras: UploadModuleExtras = {}) => host(UploadModule.forRoot({ dataDir }, extras));

  async function clientOf(gateway: INestApplication, token?: string): Promise<UploadClient> {
    const { port } = gateway.getHttpServer().address() as AddressInfo;
    const options = { url: `http://127.0.0.1:${port}`, ...(token && { token }) };
    const app = await NestFactory.createApplicationContext(UploadClientModule.register(options), { logger: false });
    apps.push(app);
    return app.get(UploadClient);
  }

  const contentOf = ({ fileId, fileName }: { fileId: string; fileName: string }) =>
    readFile(join(dataDir, 'files', fileId, fileName));

  it('is not reached by global guards, interceptors, pipes and filters, which know nothing of uploads', async () => {
    const reached: string[] = [];
    const refuse = (who: string) => {
      reached.push(who);
      throw new Error('this is no HTTP request');
    };
    const app = await NestFactory.create(HostModule.with(UploadModule.forRoot({ dataDir })), { logger: false });
    apps.push(app);
    app.useGlobalGuards({ canActivate: () => refuse('guard') });
    app.useGlobalInterceptors({ intercept: () => refuse('interceptor') });
    app.useGlobalPipes({ transform: () => refuse('pipe') });
    app.useGlobalFilters({ catch: () => refuse('filter') });
    await app.listen(0, '127.0.0.1');
    const client = await clientOf(app);
    expect(await client.uploadToEnd(Buffer.from('Hello'), { fileName: 'a.txt' })).toMatchObject({ size: 5 });
    await expect(client.uploadToEnd(Buffer.from('Hello'), { fileName: 'a/b' })).rejects.toMatchObject({
      code: 'FILE_NAME_INVALID',
    });
    expect(reached).toEqual([]);
  });

  it('changes nothing that affects the whole process', async () => {
    const state = () => [
      process.eventNames().map((name) => [name, process.listenerCount(name)]),
      [Buffer.poolSize, http.globalAgent.maxSockets, Error.stackTraceLimit, events.defaultMaxListeners],
    ];
    const before = state();
    const client = await clientOf(await hostWith());
    await client.uploadToEnd(Buffer.from('Hello'), { fileName: 'a.txt' });
    expect(state()).toEqual(before);
  });

  it('tells other providers of the application of every finished upload', async () => {
    const app = await hostWith();
    const client = await clientOf(app);
    const { fileId } = await client.uploadToEnd(Buffer.from('pixels'), {
      fileName: 'cat.png',
      metadata: { album: 'x' },
    });
    const made = app.get(Thumbnails).made;
    expect(made).toEqual([expect.objectContaining({ fileId, fileName: 'cat.png', size: 6, metadata: { album: 'x' } })]);
  });

  it('takes its options from a factory', async () => {
    const useFactory = async (directory: string) => ({ dataDir: directory, maxFileBytes: 10 });
    const config = { module: Config, providers: [{ provide: 'DIR', useValue: dataDir }], exports: ['DIR'] };
    const app = await host(UploadModule.forRootAsync({ imports: [config], inject: ['DIR'], useFactory }));
    const client = await clientOf(app);
    await expect(client.uploadToEnd(Buffer.alloc(11))).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
    await expect(client.uploadToEnd(Buffer.alloc(10))).resolves.toMatchObject({ size: 10 });
  });

  it.each([
    ['maxChunkBytes', 1],
    ['windowBudgetBytes', -1],
    ['sessionTtlMs', Number.NaN],
  ])('does not start with %s = %s, and names it', async (name, value) => {
    const start = NestFactory.create(UploadModule.forRoot({ dataDir, [name]: value }), {
      logger: false,
      abortOnError: false,
    });
    await expect(start).rejects.toThrow(new RegExp(`${name} must be`));
  });

  it('uploads bytes, paths, and streams of known and unknown length', async () => {
    const client = await clientOf(await hostWith());
    const content = randomBytes(3_000_000);
    const pieces = [
      content.subarray(0, 1_000_000),
      content.subarray(1_000_000, 1_000_001),
      content.subarray(1_000_001),
    ];
    const sources = {
      bytes: () => content,
      stream: () => Readable.from(pieces),
      sized: () => Readable.from(pieces),
      web: () => ReadableStream.from(pieces) as ReadableStream<Uint8Array>,
    };
    for (const [fileName, source] of Object.entries(sources)) {
      const options = { fileName, ...(fileName === 'sized' && { size: content.length }) };
      const file = await client.uploadToEnd(source(), options);
      expect((await contentOf(file)).equals(content)).toBe(true);
    }
  });

  it.each([
    ['overwritten', (path: string, content: Buffer) => writeFileSync(path, content, { flag: 'r+' })],
    ['replaced', replaceFile],
    ['appended to', (path: string, content: Buffer) => appendFileSync(path, content)],
    ['truncated', (path: string) => truncateSync(path, 100_000)],
  ])('stores a path that is %s while it is sent as it is then, never as a mixture', async (_how, change) => {
    const client = await clientOf(await hostWith());
    const path = join(dataDir, 'changing.bin');
    await writeFile(path, randomBytes(30_000_000));
    let changed = false;
    const states$ = client.upload(path).pipe(
      tap(({ uploaded }) => {
        // At once, so that it is changed before anything more of it is read.
        if (uploaded > 0 && !changed) change(path, randomBytes(30_000_000));
        changed ||= uploaded > 0;
      }),
    );
    const last = await lastValueFrom(states$);
    const file = last.status === 'completed' ? last.file : undefined;
    expect(file && (await contentOf(file)).equals(await readFile(path))).toBe(true);
    expect(await readdir(join(dataDir, 'files'))).toHaveLength(1);
  });

  it('stops the upload of a device that never ends when its signal is aborted', async () => {
    const client = await clientOf(await hostWith());
    const aborting = new AbortController();
    const states$ = client.upload('/dev/zero', { signal: aborting.signal });
    const last = await lastValueFrom(states$.pipe(tap(({ uploaded }) => uploaded > 5_000_000 && aborting.abort())));
    expect(last.status).toBe('uploading');
    expect(await readdir(join(dataDir, 'files'))).toEqual([]);
  });

  it('uploads a file of /proc, which reports no size', async () => {
    const client = await clientOf(await hostWith());
    const file = await client.uploadToEnd('/proc/version');
    expect(await contentOf(file)).toEqual(await readFile('/proc/version'));
  });

  it('rejects where nobody listens at the address, after giveUpAfterMs', async () => {
    const module = UploadClientModule.register({ url: 'http://127.0.0.1:1' });
    const app = await NestFactory.createApplicationContext(module, { logger: false });
    apps.push(app);
    const uploading = app.get(UploadClient).uploadToEnd(Buffer.from('x'), { giveUpAfterMs: 500 });
    await expect(uploading).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('fails the upload of a stream that gives more or less than it promised', async () => {
    const client = await clientOf(await hostWith());
    for (const size of [5, 7]) {
      await expect(client.uploadToEnd(Readable.from([Buffer.from('sixsix')]), { size })).rejects.toMatchObject({
        code: 'SOURCE_FAILED',
      });
    }
    expect(await readdir(join(dataDir, 'files'))).toEqual([]);
  });

  it('cancels a session by its ID, and says if there is none to cancel', async () => {
    const client = await clientOf(await hostWith());
    const sessionID = 'a_session_of_22_letter';
    const stream = new Readable({ read: () => undefined });
    stream.push(randomBytes(100_000));
    let cancelled: Promise<void> | undefined;
    const ended = lastValueFrom(
      client.upload(stream, { sessionID }).pipe(
        tap(({ status, uploaded }) => {
          if (status === 'uploading' && uploaded === 100_000) cancelled ??= client.cancel(sessionID);
        }),
      ),
    );
    expect((await ended).status).toBe('cancelled');
    await cancelled;
    await expect(client.cancel(sessionID)).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    await client.uploadToEnd(randomBytes(200_000), { sessionID });
    await expect(client.cancel(sessionID)).rejects.toMatchObject({ code: 'UPLOAD_ALREADY_COMPLETE' });
  });

  it('shows every state of an upload', async () => {
    const client = await clientOf(await hostWith());
    const statuses = await lastValueFrom(
      client.upload(randomBytes(200_000)).pipe(
        map(({ status }) => status),
        toArray(),
      ),
    );
    expect([...new Set(statuses)]).toEqual(['queued', 'connecting', 'uploading', 'verifying', 'completed']);
  });

  it('lets a policy rename, tag and refuse', async () => {
    const policy: UploadPolicy = {
      admit: ({ fileName, metadata }) => {
        if (fileName.endsWith('.exe')) throw new UploadError('UPLOAD_REFUSED', { reason: 'no programs' });
        return { fileName: `renamed-${fileName}`, metadata: { ...metadata, tag: 'checked' } };
      },
    };
    const app = await hostWith({ providers: [{ provide: UPLOAD_POLICY, useValue: policy }] });
    const client = await clientOf(app);
    await expect(client.uploadToEnd(Buffer.from('x'), { fileName: 'a.exe' })).rejects.toThrow(/no programs/);
    expect(await client.uploadToEnd(Buffer.from('x'), { fileName: 'a.txt' })).toMatchObject({
      fileName: 'renamed-a.txt',
    });
    expect(app.get(Thumbnails).made).toEqual([expect.objectContaining({ metadata: { tag: 'checked' } })]);
  });

  it('lets a policy reject a file after its last byte: nothing of it stays', async () => {
    const policy: UploadPolicy = {
      inspect: () => {
        throw new UploadError('UPLOAD_REFUSED', { reason: 'a virus' });
      },
    };
    const app = await hostWith({ providers: [{ provide: UPLOAD_POLICY, useValue: policy }] });
    const client = await clientOf(app);
    await expect(client.uploadToEnd(randomBytes(200_000))).rejects.toMatchObject({ code: 'UPLOAD_REFUSED' });
    expect(app.get(Thumbnails).made).toEqual([]);
    expect([...(await readdir(join(dataDir, 'files'))), ...(await readdir(join(dataDir, 'partial')))]).toEqual([]);
  });

  it('lets an application say who owns what', async () => {
    const authenticator: Authenticator = {
      authenticate: ({ token }) => {
        if (token !== 'ticket-of-alice') throw new UploadError('UNAUTHORIZED');
        return 'alice';
      },
    };
    const app = await hostWith({ providers: [{ provide: UPLOAD_AUTHENTICATOR, useValue: authenticator }] });
    const stranger = await clientOf(app, 'forged');
    await expect(stranger.uploadToEnd(Buffer.from('x'))).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    const alice = await clientOf(app, 'ticket-of-alice');
    const { fileId } = await alice.uploadToEnd(Buffer.from('hers'));
    const { files } = await app.get(FilesService, { strict: false }).list('alice', 10);
    expect(files).toEqual([expect.objectContaining({ fileId, owner: 'alice' })]);
  });

  it('writes what is in hand at shutdown, and goes on from there', async () => {
    const first = await hostWith();
    const client = await clientOf(first);
    const content = randomBytes(30_000_000);
    const upload$ = client.upload(content, { sessionID: 'R'.repeat(22), fileName: 'kept.bin' });
    await firstValueFrom(upload$.pipe(filter(({ uploaded }) => uploaded > 1_000_000)));
    await apps.splice(0, 1)[0]!.close();
    const [partial] = await readdir(join(dataDir, 'partial'));
    const kept = await readFile(join(dataDir, 'partial', partial!));
    expect(content.subarray(0, kept.length).equals(kept)).toBe(true);
    expect(kept.length).toBeGreaterThan(1_000_000);
    const second = await clientOf(await hostWith());
    const file = await second.uploadToEnd(content, { sessionID: 'R'.repeat(22), fileName: 'kept.bin' });
    expect((await contentOf(file)).equals(content)).toBe(true);
  });
});

/** As editors and tools write a file: beside it, then in its place. */
function replaceFile(path: string, content: Buffer): void {
  writeFileSync(`${path}.new`, content);
  renameSync(`${path}.new`, path);
}
