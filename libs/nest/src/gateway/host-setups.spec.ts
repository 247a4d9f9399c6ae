import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  Controller,
  ForbiddenException,
  Get,
  Module,
  ValidationPipe,
  type INestApplication,
  type INestApplicationContext,
  type ModuleMetadata,
  type Type,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { createClient } from '@redis/client';
import { createAdapter } from '@socket.io/redis-adapter';
import { ERRORS } from '@upload-streams/protocol';
import { RedisServer, uploadAsOriginalClient } from '@upload-streams/testing';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server as HttpServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Server, ServerOptions } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { UploadClient, UploadClientModule } from '../client/index.js';
import { UPLOAD_POLICY, UploadModule, type UploadModuleOptions, type UploadPolicy } from '../index.js';

/** Larger than Socket.IO's own limit for messages, 1 MB. */
const CONTENT = randomBytes(6_000_000);

/** What other gateways of applications do with a message. */
const echo = (message: unknown) => ({ echo: message });

@WebSocketGateway()
class ChatGateway {
  @SubscribeMessage('chat')
  chat(_client: unknown, message: unknown) {
    return echo(message);
  }
}

@WebSocketGateway({ namespace: 'chat' })
class NamespaceGateway extends ChatGateway {}

@WebSocketGateway({ path: '/upload-streams-chat' })
class NeighbourGateway extends ChatGateway {}

@WebSocketGateway({ path: '/chat' })
class PathGateway {
  @SubscribeMessage('chat')
  chat(_client: unknown, message: unknown) {
    return { event: 'chat', data: echo(message) };
  }
}

@Controller()
class HostController {
  @Get('hello')
  hello(): string {
    return 'hello';
  }
}

/** Sets options that would break uploads. */
class StrictAdapter extends IoAdapter {
  override createIOServer(port: number, options?: ServerOptions): Server {
    const own: Partial<ServerOptions> = {
      maxHttpBufferSize: 1000,
      transports: ['polling'],
      allowRequest: (_request, decide) => decide('strangers', false),
    };
    return super.createIOServer(port, { ...options!, ...own });
  }
}

class RecoveringAdapter extends IoAdapter {
  override createIOServer(port: number, options?: ServerOptions): Server {
    return super.createIOServer(port, { ...options!, connectionStateRecovery: {} });
  }
}

type Prepare = (app: INestApplication) => void;

const nothing: Prepare = () => undefined;

const adapter =
  (Adapter: Type): Prepare =>
  (app) =>
    app.useWebSocketAdapter(new Adapter(app));

describe('UploadModule as the guest of an application', () => {
  let folder: string;
  const open: INestApplicationContext[] = [];
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'host-setups-'));
  });
  afterEach(async () => {
    for (const app of open.splice(0).reverse()) await app.close();
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await rm(folder, { recursive: true });
  });

  const upload = (name = 'area', options: UploadModuleOptions = {}) =>
    UploadModule.forRoot({ dataDir: join(folder, name), ...options });

  const uploadWithOriginal = (options: UploadModuleOptions = {}) =>
    UploadModule.forRoot({ dataDir: join(folder, 'area'), ...options }, { originalWorkflow: true });

  /** `prepare` is what an application does in its `main.ts`. */
  async function host(parts: ModuleMetadata, prepare: Prepare = () => undefined): Promise<string> {
    @Module(parts)
    class HostModule {}
    const app = await NestFactory.create(HostModule, { logger: false, abortOnError: false });
    open.push(app);
    await prepare(app);
    await app.listen(0, '127.0.0.1');
    return (await app.getUrl()).replace('[::1]', '127.0.0.1');
  }

  /** Returns the CRC-32 of what arrived. */
  async function uploadTo(url: string, path = '/upload-streams'): Promise<number> {
    const module = UploadClientModule.register({ url, path });
    const app = await NestFactory.createApplicationContext(module, { logger: false });
    open.push(app);
    return (await app.get(UploadClient).uploadToEnd(CONTENT, { giveUpAfterMs: 10_000 })).crc32;
  }

  const first = (gateway: Type): ModuleMetadata => ({ providers: [gateway], imports: [upload()] });
  const last = (gateway: Type): ModuleMetadata => {
    @Module({ providers: [gateway] })
    class LaterModule {}
    return { imports: [upload(), LaterModule] };
  };

  it.each([
    ['an own gateway that is registered first', () => first(ChatGateway), '', '/socket.io'],
    ['an own gateway that is registered last', () => last(ChatGateway), '', '/socket.io'],
    ['an own gateway with a namespace', () => first(NamespaceGateway), '/chat', '/socket.io'],
    ['an own gateway at a path that begins like ours', () => first(NeighbourGateway), '', '/upload-streams-chat'],
  ])('works beside %s', async (_what, parts, namespace, path) => {
    const url = await host(parts());
    expect(await uploadTo(url)).toBe(crc32(CONTENT));
    expect(await chat(`${url}${namespace}`, path)).toEqual({ echo: 'hi' });
  });

  it('works beside an adapter that replaces the options of every Socket.IO server', async () => {
    const url = await host(first(ChatGateway), (app) => app.useWebSocketAdapter(new StrictAdapter(app)));
    expect(await uploadTo(url)).toBe(crc32(CONTENT));
  });

  it('works beside connection state recovery', async () => {
    const url = await host(first(ChatGateway), (app) => app.useWebSocketAdapter(new RecoveringAdapter(app)));
    expect(await uploadTo(url)).toBe(crc32(CONTENT));
    expect(await chat(url, '/socket.io')).toEqual({ echo: 'hi' });
  });

  it('works beside WsAdapter, which closes WebSockets that it does not know', async () => {
    const url = await host(first(PathGateway), (app) => app.useWebSocketAdapter(new WsAdapter(app)));
    expect(await uploadTo(url)).toBe(crc32(CONTENT));
    expect(await wsChat(`${url.replace('http', 'ws')}/chat`)).toEqual({ event: 'chat', data: { echo: 'hi' } });
  });

  const withRedis = RedisServer.isInstalled ? it : it.skip;
  withRedis('works beside the Redis adapter', async () => {
    const redis = await RedisServer.start();
    const clients = [createClient({ url: redis.url }), createClient({ url: redis.url })] as const;
    for (const client of clients) await client.connect();
    cleanups.push(() => redis.close(), ...clients.map((client) => () => client.close()));
    class RedisAdapter extends IoAdapter {
      override createIOServer(port: number, options?: ServerOptions): Server {
        const server: Server = super.createIOServer(port, options);
        return server.adapter(createAdapter(...clients));
      }
    }
    const url = await host(first(ChatGateway), (app) => app.useWebSocketAdapter(new RedisAdapter(app)));
    expect(await uploadTo(url)).toBe(crc32(CONTENT));
    expect(await chat(url, '/socket.io')).toEqual({ echo: 'hi' });
  });

  it('works in an application that has no gateway of its own, with a prefix and a strict ValidationPipe', async () => {
    const url = await host({ imports: [upload()], controllers: [HostController] }, (app) => {
      app.setGlobalPrefix('v1');
      app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }));
    });
    expect(await uploadTo(url)).toBe(crc32(CONTENT));
    expect(await (await fetch(`${url}/v1/hello`)).text()).toBe('hello');
  });

  it('serves several upload areas, each with its own path, folder and limits', async () => {
    const small = upload('small', { path: '/areas/small', maxFileBytes: 10 });
    const url = await host({ imports: [small, upload('large', { path: '/areas/large' })] });
    expect(await uploadTo(url, '/areas/large')).toBe(crc32(CONTENT));
    await expect(uploadTo(url, '/areas/small')).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });

  it.each([
    ['/areas', '/areas'],
    ['/areas', '/areas/large'],
    ['/areas/large', '/areas'],
  ])('does not start with areas at %s and %s, and says why', async (one, other) => {
    const starting = host({ imports: [upload('one', { path: one }), upload('other', { path: other })] });
    await expect(starting).rejects.toThrow(/path \/areas.* and path \/areas.* overlap; give each upload area/);
  });

  it.each(['', 'uploads', '/', '/uploads/', '/socket.io', '/up loads', '/a/../b', '/.'])(
    'refuses the path %j',
    async (path) => {
      await expect(host({ imports: [upload('area', { path })] })).rejects.toThrow(
        'UploadModule: path must be a path such as /upload-streams, without a slash at its end, and not /socket.io',
      );
    },
  );

  it.each(['/uploads/', '/a/..'])('refuses the base path %j', async (basePath) => {
    await expect(host({ imports: [upload('area', { basePath })] })).rejects.toThrow('basePath must be a path');
  });

  it.each(['/upload-streams', '/upload-streams/public'])(
    'does not start below its own path: basePath %s, and says why',
    async (basePath) => {
      await expect(host({ imports: [upload('area', { basePath })] })).rejects.toThrow(
        `UploadModule: basePath ${basePath} must not be path /upload-streams or below it, where only clients connect`,
      );
    },
  );

  it('serves the original workflow where it is switched on, and only there', async () => {
    const sessionID = 'the-session-of-an-old-client';
    const url = await host({ imports: [uploadWithOriginal()] });
    expect(await uploadAsOriginalClient(url, CONTENT.subarray(0, 50_000), { sessionID })).toMatchObject({
      size: 50_000,
    });
    expect(await uploadTo(url)).toBe(crc32(CONTENT));
    const without = await host({ imports: [upload('without')] });
    await expect(uploadAsOriginalClient(without, CONTENT, { sessionID })).rejects.toThrow();
  });

  it('tells a client of protocol 1 on the path of the original workflow which path is right', async () => {
    const url = await host({ imports: [uploadWithOriginal()] });
    await expect(uploadTo(url, '/socket.io')).rejects.toMatchObject({
      code: 'INVALID_PAYLOAD',
      message: expect.stringContaining('/upload-streams'),
    });
  });

  it.each<[string, () => ModuleMetadata, Prepare, string]>([
    [
      'another gateway',
      () => ({ imports: [uploadWithOriginal()], providers: [ChatGateway] }),
      nothing,
      'another gateway',
    ],
    [
      'a namespace',
      () => ({ imports: [uploadWithOriginal()], providers: [NamespaceGateway] }),
      nothing,
      'another gateway',
    ],
    ['an adapter with its own options', onlyOriginal, adapter(StrictAdapter), 'replaces maxHttpBufferSize'],
    ['connection state recovery', onlyOriginal, adapter(RecoveringAdapter), 'connectionStateRecovery'],
    ['WsAdapter', onlyOriginal, adapter(WsAdapter), 'is not Socket.IO'],
  ])('does not start with the original workflow beside %s, and says why', async (_what, parts, prepare, cause) => {
    const starting = host(parts(), prepare);
    await expect(starting).rejects.toThrow('originalWorkflow needs the Socket.IO server at /socket.io for itself, but');
    await expect(starting).rejects.toThrow(cause);
    await expect(starting).rejects.toThrow(/leave originalWorkflow off/i);
  });

  function onlyOriginal(): ModuleMetadata {
    return { imports: [uploadWithOriginal()] };
  }

  it('ends an upgrade to a path that nobody serves, and takes requests of other kinds as before', async () => {
    const url = await host({ imports: [upload()], controllers: [HostController] });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write('GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toMatch(/^HTTP\/1\.1 404 /);
    await once(socket, 'close');
    expect((await fetch(`${url}/hello`)).status).toBe(200);
  });

  it('closes within seconds, although a client does not close its connection', async () => {
    const url = await host({ imports: [upload()] });
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', allowHalfOpen: true });
    socket.write(
      'GET /upload-streams/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n' +
        `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
    await once(socket, 'data');
    const begin = performance.now();
    for (const app of open.splice(0)) await app.close();
    expect(performance.now() - begin).toBeLessThan(10_000);
    socket.destroy();
  });

  it('leaves nothing on the HTTP server when the application closes', async () => {
    let before: unknown;
    let listeners = (): unknown => undefined;
    const url = await host({ imports: [upload()], controllers: [HostController] }, (app) => {
      const server = app.getHttpServer() as HttpServer;
      const events = ['request', 'upgrade', 'listening', 'newListener', 'close'];
      listeners = () => [
        events.map((event) => server.rawListeners(event)),
        Reflect.get(server, 'shouldUpgradeCallback'),
      ];
      before = listeners();
    });
    await uploadTo(url);
    expect(listeners()).not.toEqual(before);
    for (const app of open.splice(0).reverse()) await app.close();
    expect(listeners()).toEqual(before);
  });

  it('can be compiled and closed in a test, with and without HTTP, and its providers overridden', async () => {
    const refusing: UploadPolicy = {
      admit: () => {
        throw new ForbiddenException('not in this test');
      },
    };
    const testing = () =>
      Test.createTestingModule({ imports: [upload()] })
        .overrideProvider(UPLOAD_POLICY)
        .useValue(refusing)
        .compile();
    const unused = await testing();
    expect(unused.get(UPLOAD_POLICY, { strict: false })).toBe(refusing);
    await unused.close();
    const initialised = await testing();
    await initialised.init();
    await initialised.close();
    const app = (await testing()).createNestApplication({ logger: false });
    open.push(app);
    await app.listen(0, '127.0.0.1');
    await expect(uploadTo(await app.getUrl())).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('tells a page that it refuses why, in an answer that the page may read, and any other page nothing', async () => {
    const url = await host({ imports: [upload('area', { allowedOrigins: ['https://a.example'] })] });
    const probe = (Origin: string) =>
      fetch(`${url}/upload-streams/?transport=polling`, { method: 'POST', headers: { Origin } });
    const refused = await probe('https://evil.example');
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([403, '*']);
    expect(await refused.json()).toEqual({ message: ERRORS.ORIGIN_NOT_ALLOWED.message() });
    expect((await probe('https://a.example')).status).toBe(400);
    expect((await probe(url)).status).toBe(400);
  });

  it('starts and stops without an HTTP server, and without listening', async () => {
    const context = await NestFactory.createApplicationContext(upload(), { logger: false, abortOnError: false });
    await context.close();
    @Module({ imports: [upload()] })
    class HostModule {}
    const app = await NestFactory.create(HostModule, { logger: false, abortOnError: false });
    await app.init();
    await app.close();
  });
});

async function chat(url: string, path: string): Promise<unknown> {
  const socket = io(url, { path, forceNew: true, transports: ['websocket'] });
  try {
    return await socket.timeout(5000).emitWithAck('chat', 'hi');
  } finally {
    socket.disconnect();
  }
}

async function wsChat(url: string): Promise<unknown> {
  const socket = new WebSocket(url);
  try {
    await once(socket, 'open');
    socket.send(JSON.stringify({ event: 'chat', data: 'hi' }));
    const [data] = (await once(socket, 'message')) as [Buffer];
    return JSON.parse(String(data));
  } finally {
    socket.terminate();
  }
}
