import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Server as IoServer } from 'socket.io';
import { HttpServerRoutes, type HttpRoute } from './http-server-routes.js';

describe('HttpServerRoutes', () => {
  let server: Server;
  let stop: () => void;
  const clients: Socket[] = [];
  const ownRoute: HttpRoute = {
    request: (_request, response) => void response.end('own'),
    upgrade: (_request, socket) => void socket.end('own'),
  };

  beforeEach(async () => {
    server = createServer((_request, response) => response.end('application'));
    stop = HttpServerRoutes.of(server).serve('/own', ownRoute);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    jest.useRealTimers();
    for (const client of clients.splice(0)) client.destroy();
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });

  /** Sends a request, and does not end the connection by itself. */
  function send(path: string, upgrade: string, more = ''): Socket {
    const { port } = server.address() as AddressInfo;
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    clients.push(client);
    client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ${upgrade}\r\n${more}\r\n`);
    return client;
  }

  it('leaves no connection open of a client that nobody serves and that does not end it', async () => {
    const accepted = once(server, 'connection');
    const client = send('/nowhere', 'websocket');
    const [socket] = (await accepted) as [Socket];
    const closed = once(socket, 'close');
    expect(await text(client)).toMatch(/^HTTP\/1\.1 404 /);
    await closed;
  });

  it('nor one that a Socket.IO server of the application refuses without a word', async () => {
    const io = new IoServer(server, { destroyUpgradeTimeout: 1 });
    const accepted = once(server, 'connection');
    const client = send('/nowhere', 'websocket');
    const [socket] = (await accepted) as [Socket];
    const closed = once(socket, 'close');
    expect(await text(client)).toBe('');
    await closed;
    io.engine.close();
  });

  it('nor one that has had answers before, which Socket.IO leaves open', async () => {
    const io = new IoServer(server);
    const accepted = once(server, 'connection');
    const client = send('/else', '');
    const [socket] = (await accepted) as [Socket];
    await once(client, 'data');
    const upgraded = once(server, 'upgrade');
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    client.write('GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await upgraded;
    const closed = once(socket, 'close');
    jest.advanceTimersByTime(59_999);
    expect(socket.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    await closed;
    io.engine.close();
  });

  it('lets listeners that are added later hear of everything else, and of nothing of its own', async () => {
    const heard: string[] = [];
    server.on('upgrade', ({ url = '' }, socket: Duplex) => {
      heard.push(url);
      socket.end('late');
    });
    server.prependListener('request', ({ url = '' }) => heard.push(url));
    expect(await text(send('/own/', 'websocket'))).toBe('own');
    expect(await text(send('/late', 'websocket'))).toBe('late');
    const { port } = server.address() as AddressInfo;
    expect(await (await fetch(`http://127.0.0.1:${port}/own/`)).text()).toBe('own');
    expect(await (await fetch(`http://127.0.0.1:${port}/late`)).text()).toBe('application');
    expect(heard).toEqual(['/late', '/late']);
    stop();
    expect(server.rawListeners('upgrade')).toHaveLength(1);
    expect(server.rawListeners('newListener')).toEqual([]);
  });

  // Before Node 22.21 and 24.9, every request with the header is an upgrade as soon as one listener is there.
  const canChoose = 'shouldUpgradeCallback' in createServer();
  if (!canChoose) process.stdout.write(`No choice of upgrades in Node ${process.version}: one test is skipped\n`);
  (canChoose ? it : it.skip)('leaves a request that offers HTTP/2 to the application, body and all', async () => {
    const body = 'Content-Length: 4\r\nConnection: close, upgrade\r\n\r\nbody';
    expect(await text(send('/else', 'h2c', body))).toMatch(/^HTTP\/1\.1 200 OK[^]*application$/);
    expect(await text(send('/own/', 'websocket'))).toBe('own');
    server.on('upgrade', (_request, socket: Duplex) => socket.end('late'));
    expect(await text(send('/else', 'h2c'))).toBe('late');
  });

  it('works behind a Socket.IO server that takes its listener over', async () => {
    const other = createServer((_request, response) => void response.end('application'));
    const stopOther = HttpServerRoutes.of(other).serve('/own', ownRoute);
    // Both before and while the server listens.
    const io = new IoServer(other, { path: '/early' });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const lateIo = new IoServer(other, { path: '/late' });
    const { port } = other.address() as AddressInfo;
    const answer = async (path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    try {
      expect(await answer('/own/')).toBe('own');
      expect(await answer('/else')).toBe('application');
      for (const path of ['/early/', '/late/']) expect(await answer(path)).toContain('Transport unknown');
      stopOther();
      expect(await answer('/own/')).toBe('application');
    } finally {
      await lateIo.close();
      await io.close();
    }
  });
});
