import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RequestTimeoutException, type NestInterceptor } from '@nestjs/common';
import { once } from 'node:events';
import { mkdtemp, open, readdir, readlink, rm } from 'node:fs/promises';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { throwError, timeout } from 'rxjs';
import { DiskStorage, UPLOAD_STORAGE_BACKEND, UploadModule, type ByteRange, type StoredFile } from '../index.js';
import { UploadHttpModule } from './index.js';
import { ALICE, HttpHost, PLATFORMS } from './testing/http-host.js';

const IDLE_TIMEOUT_MS = 1000;
/** More than the buffers of both sides hold. */
const BYTES = 32 * 1024 * 1024;

/** The local disk, which tells of each file that it begins to read, and may be slow to begin. */
class WatchedDisk extends DiskStorage {
  readonly reading: Readable[] = [];
  begins: Promise<void> | undefined;

  override read(file: StoredFile, range?: ByteRange): Readable {
    const stream = super.read(file, range);
    this.reading.push(stream);
    return this.begins ? late(stream, this.begins) : stream;
  }
}

function late(source: Readable, begins: Promise<void>): Readable {
  const stream = new PassThrough();
  stream.once('close', () => source.destroy());
  void begins.then(() => source.pipe(stream));
  return stream;
}

describe.each(PLATFORMS)('a download with %s', (_, newAdapter) => {
  let dataDir: string;
  let disk: WatchedDisk;
  let host: HttpHost;
  let url: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'downloads-'));
    disk = new WatchedDisk(dataDir);
    const providers = [{ provide: UPLOAD_STORAGE_BACKEND, useValue: disk }];
    host = await HttpHost.start(newAdapter(), {
      imports: [
        UploadModule.forRoot({ dataDir, sha256: false }, { providers }),
        UploadHttpModule.forRoot({ downloadIdleTimeoutMs: IDLE_TIMEOUT_MS }),
      ],
    });
    ({ url } = await host.client(ALICE).uploadToEnd(Buffer.alloc(BYTES), { fileName: 'large.bin' }));
  });
  afterAll(async () => {
    await host.close();
    await rm(dataDir, { recursive: true });
  });

  /** A request on a connection of its own. */
  function request(headers = 'Connection: close\r\n'): Socket {
    disk.reading.length = 0;
    const socket = connect((host.app.getHttpServer().address() as AddressInfo).port, '127.0.0.1');
    socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALICE}\r\n${headers}\r\n`);
    return socket;
  }

  /** The stream of the file, once it is closed, and with it its handle. */
  async function closed(): Promise<Readable> {
    const [stream] = disk.reading;
    if (!stream!.closed) await once(stream!, 'close');
    return stream!;
  }

  async function openHandles(): Promise<readonly string[]> {
    const handles = await readdir('/proc/self/fd');
    const paths = await Promise.all(handles.map((handle) => readlink(`/proc/self/fd/${handle}`).catch(() => '')));
    return paths.filter((path) => path.endsWith('large.bin'));
  }

  it('is ended when the client stops reading, and leaves no handle open', async () => {
    const socket = request();
    await once(socket, 'data');
    socket.pause();
    expect((await closed()).readableEnded).toBe(false);
    expect(await openHandles()).toEqual([]);
    // The client reads what the buffers held, and learns that it was not all.
    let received = 0;
    socket.on('data', (bytes) => (received += bytes.length)).on('error', () => undefined);
    socket.resume();
    await once(socket, 'close');
    expect(received).toBeLessThan(BYTES);
  });

  it('goes on to its end when the client reads slowly', async () => {
    let received = 0;
    const startedAt = Date.now();
    const socket = request();
    socket.on('data', (bytes) => {
      received += bytes.length;
      socket.pause();
      setTimeout(() => socket.resume(), 5);
    });
    await once(socket, 'end');
    expect(received).toBeGreaterThan(BYTES);
    expect(Date.now() - startedAt).toBeGreaterThan(2 * IDLE_TIMEOUT_MS);
  });

  it.each([
    ['cut', (socket: Socket) => socket.resetAndDestroy()],
    ['closed', (socket: Socket) => socket.destroy()],
  ])('leaves no handle open if its connection is %s in the middle', async (_how, end) => {
    const socket = request();
    await once(socket, 'data');
    expect(await openHandles()).toHaveLength(1);
    end(socket);
    await closed();
    expect(await openHandles()).toEqual([]);
  });

  it('leaves no handle open if its connection is cut while requests wait behind it', async () => {
    const socket = request('');
    socket.write(`GET ${url} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ALICE}\r\n\r\n`);
    await once(socket, 'data');
    socket.resetAndDestroy();
    await closed();
    await Promise.all(disk.reading.map((stream) => stream.closed || once(stream, 'close')));
    expect(await openHandles()).toEqual([]);
  });

  it('reads nothing of the file for HEAD, for what the client has, and for a range outside of it', async () => {
    disk.reading.length = 0;
    expect((await host.fetch(url, {}, 'HEAD')).status).toBe(200);
    const { headers } = await host.fetch(url, {}, 'HEAD');
    const known = { 'If-None-Match': headers.get('etag')!, 'Cache-Control': 'max-age=0' };
    expect((await host.fetch(url, known)).status).toBe(304);
    expect((await host.fetch(url, { Range: `bytes=${BYTES}-` })).status).toBe(416);
    expect(disk.reading).toEqual([]);
  });

  it('sends nothing, and leaves no handle open, where the application has answered before the store', async () => {
    const begins = Promise.withResolvers<void>();
    const impatient: NestInterceptor = {
      intercept: (_context, next) =>
        next.handle().pipe(timeout({ first: 50, with: () => throwError(() => new RequestTimeoutException()) })),
    };
    const slow = new WatchedDisk(join(dataDir, 'slow'));
    slow.begins = begins.promise;
    const providers = [{ provide: UPLOAD_STORAGE_BACKEND, useValue: slow }];
    const imports = [
      UploadModule.forRoot({ dataDir: join(dataDir, 'slow') }, { providers }),
      UploadHttpModule.forRoot(),
    ];
    const other = await HttpHost.start(newAdapter(), { imports }, (app) => app.useGlobalInterceptors(impatient));
    try {
      const file = await other.client(ALICE).uploadToEnd(Buffer.alloc(BYTES), { fileName: 'large.bin' });
      const response = await other.fetch(file.url);
      expect([response.status, await response.json()]).toMatchObject([408, { message: 'Request Timeout' }]);
      begins.resolve();
      await Promise.all(slow.reading.map((stream) => stream.closed || once(stream, 'close')));
      expect(await openHandles()).toEqual([]);
    } finally {
      await other.close();
    }
  });

  it('is cut short, so that the client notices, if the bytes end too early', async () => {
    const { url: damaged, fileId } = await host.client(ALICE).uploadToEnd(Buffer.alloc(BYTES), { fileName: 'x.bin' });
    const handle = await open(join(dataDir, 'files', fileId, 'x.bin'), 'r+');
    await handle.truncate(BYTES / 2);
    await handle.close();
    const response = await host.fetch(damaged);
    expect(response.status).toBe(200);
    await expect(response.arrayBuffer()).rejects.toThrow();
  });
});
