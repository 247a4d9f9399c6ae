import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { UploadError } from '@upload-streams/protocol';
import { once } from 'node:events';
import { firstValueFrom, lastValueFrom, type Observable } from 'rxjs';
import type { Server, Socket } from 'socket.io';
import type { UploadClientOptions } from '../../options/client-options.js';
import { TransportFixture } from '../../testing/transport-fixture.js';

describe('SocketIoTransport', () => {
  let fixture: TransportFixture;
  let server: Server;

  beforeEach(async () => {
    fixture = await TransportFixture.start();
    server = fixture.server;
  });
  afterEach(() => fixture.close());

  const transportTo = (options?: UploadClientOptions) => fixture.transportTo(options);
  const use = (observable: Observable<unknown>) => fixture.use(observable);
  const nextSocket = async () => (await once(server, 'connection'))[0] as Socket;

  it('connects when it is first needed, not before', async () => {
    const transport = transportTo();
    expect(server.engine.clientsCount).toBe(0);
    await use(transport.connected$).up;
    expect(server.engine.clientsCount).toBe(1);
  });

  it('shares one connection among all subscribers', async () => {
    const transport = transportTo();
    const users = [use(transport.connected$), use(transport.connected$)];
    await Promise.all(users.map(({ up }) => up));
    await use(transport.connected$).up;
    expect(server.engine.clientsCount).toBe(1);
  });

  it('asks the server once when another user comes while the connection is being made', async () => {
    const provide: ((token: string) => void)[] = [];
    let onAsked = () => undefined as void;
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    const transport = transportTo({
      token: () => {
        onAsked();
        return new Promise((resolve) => provide.push(resolve));
      },
    });
    const first = use(transport.connected$);
    await asked;
    const second = use(transport.connected$);
    for (const answer of provide) answer('secret');
    await Promise.all([first.up, second.up]);
    const ping = lastValueFrom(transport.request('ping', 1));
    for (const socket of server.sockets.sockets.values()) socket.on('ping', (_payload, ack) => ack('pong'));
    expect(await ping).toBe('pong');
    expect(server.sockets.sockets.size).toBe(1);
  });

  it.each([
    ['http://127.0.0.1:1', 'ECONNREFUSED'],
    ['http://no-such-host.invalid', 'ENOTFOUND'],
  ])('says why there is no connection to %s, as far as Node knows', async (url, problem) => {
    expect(await use(transportTo({ url }).connected$).error).toMatchObject({
      code: 'CONNECTION_LOST',
      message: `There is no connection to the server (${problem})`,
      details: { problem },
      cause: { code: problem },
    });
  });

  it('fails with the UploadError that the server refuses the connection with', async () => {
    server.use((_socket, next) => {
      const body = new UploadError('UNAUTHORIZED').toBody();
      next(Object.assign(new Error(body.message), { data: body }));
    });
    const error = await use(transportTo().connected$).error;
    expect(error).toBeInstanceOf(UploadError);
    expect(error.code).toBe('UNAUTHORIZED');
  });

  it('fails as a lost connection where there is no server', async () => {
    await server.close();
    expect(await use(transportTo().connected$).error).toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('fails for all subscribers when the connection ends, and connects again for a new one', async () => {
    const transport = transportTo();
    const connection = nextSocket();
    const users = [use(transport.connected$), use(transport.connected$), use(transport.connected$)];
    (await connection).conn.close();
    for (const { error } of users) expect(await error).toMatchObject({ code: 'CONNECTION_LOST' });
    await use(transport.connected$).up;
  });

  it('connects again if the server itself said to disconnect', async () => {
    const transport = transportTo();
    const connection = nextSocket();
    const user = use(transport.connected$);
    (await connection).disconnect();
    expect(await user.error).toMatchObject({ code: 'CONNECTION_LOST' });
    await use(transport.connected$).up;
  });

  it('fails for all with the reason for which the connection is dropped, and only that time', async () => {
    const transport = transportTo();
    const users = [use(transport.connected$), use(transport.connected$)];
    await users[0]!.up;
    const reason = new UploadError('ACK_TIMEOUT');
    transport.drop(reason);
    for (const { error } of users) expect(await error).toBe(reason);

    const connection = nextSocket();
    const next = use(transport.connected$);
    await next.up;
    (await connection).conn.close();
    expect(await next.error).toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('fails for a subscriber that waits when it is closed before it is connected', async () => {
    const transport = transportTo();
    const user = use(transport.connected$);
    transport.close();
    expect(await user.error).toMatchObject({ code: 'CONNECTION_LOST' });
    await use(transport.connected$).up;
  });

  it('sends a request with its bytes, emits the answer and completes', async () => {
    const transport = transportTo();
    server.on('connection', (socket) => socket.on('double', ({ chunk }, ack) => ack(Buffer.concat([chunk, chunk]))));
    await use(transport.connected$).up;
    expect(await lastValueFrom(transport.request('double', { chunk: Uint8Array.of(1, 2) }))).toEqual(
      Buffer.of(1, 2, 1, 2),
    );
  });

  it('fails a request without a connection, and never sends it later', async () => {
    const transport = transportTo();
    const events: string[] = [];
    server.on('connection', (socket) => {
      socket.onAny((event) => events.push(event));
      socket.on('second', (_payload, ack) => ack());
    });
    await expect(lastValueFrom(transport.request('first', {}))).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await use(transport.connected$).up;
    await lastValueFrom(transport.request('second', {}));
    expect(events).toEqual(['second']);
  });

  it('emits the arguments of the events of one name, until it is unsubscribed', async () => {
    const transport = transportTo();
    const connection = nextSocket();
    const seen: unknown[] = [];
    const subscription = transport.on('news').subscribe((args) => seen.push(args));
    await use(transport.connected$).up;
    const socket = await connection;
    const sent = firstValueFrom(transport.on('sent'));
    socket.emit('news', 1, 'a');
    socket.emit('other', 2);
    socket.emit('sent');
    await sent;
    subscription.unsubscribe();
    const sentAgain = firstValueFrom(transport.on('sent'));
    socket.emit('news', 3);
    socket.emit('sent');
    await sentAgain;
    expect(seen).toEqual([[1, 'a']]);
  });

  it('disconnects when it was not used for the idle time', async () => {
    const transport = transportTo({ idleTimeoutMs: 1 });
    const connection = nextSocket();
    const user = use(transport.connected$);
    const left = connection.then((socket) => once(socket, 'disconnect'));
    await user.up;
    user.unsubscribe();
    expect((await left)[0]).toBe('client namespace disconnect');
  });

  it('stays connected as long as anyone uses it, and for the idle time after that', async () => {
    const transport = transportTo();
    const first = use(transport.connected$);
    const second = use(transport.connected$);
    await Promise.all([first.up, second.up]);
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      first.unsubscribe();
      expect(jest.getTimerCount()).toBe(0);
      second.unsubscribe();
      expect(jest.getTimerCount()).toBe(1);
      use(transport.connected$);
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
    expect(server.engine.clientsCount).toBe(1);
  });

  it('leaves no timer behind when it is closed, which ends its last user', async () => {
    const transport = transportTo();
    const user = use(transport.connected$);
    await user.up;
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      transport.close();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });

  it('drops a connection on which not even heartbeats come any more', async () => {
    server.engine.opts.pingInterval = 20;
    const transport = transportTo({ ackTimeoutMs: 300 });
    const connection = nextSocket();
    const user = use(transport.connected$);
    // The server falls silent: its heartbeat stops, and it answers nothing.
    clearTimeout((await connection).conn['pingIntervalTimer']);
    expect((await user.error).code).toBe('ACK_TIMEOUT');
  });

  it('keeps a connection that is idle for longer than an ack may take, but has its heartbeats', async () => {
    server.engine.opts.pingInterval = 100;
    const transport = transportTo({ ackTimeoutMs: 300 });
    const connection = nextSocket();
    const user = use(transport.connected$);
    const { conn } = await connection;
    const heartbeats = new Promise<void>((resolve) => {
      let seen = 0;
      conn.on('heartbeat', () => ++seen === 10 && resolve());
    });
    expect(await Promise.race([heartbeats, user.error])).toBeUndefined();
  });
});
