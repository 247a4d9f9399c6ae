import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { HttpServerRoutes } from './http-server-routes.js';

describe('HttpServerRoutes', () => {
  let server: Server;
  const clients: Socket[] = [];

  beforeEach(async () => {
    server = createServer((_request, response) => response.end('application'));
    HttpServerRoutes.of(server).serve('/own', {
      request: (_request, response) => void response.end('own'),
      upgrade: (_request, socket) => void socket.end('own'),
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
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
});
