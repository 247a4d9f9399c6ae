import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ERRORS } from '@upload-streams/protocol';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { lastValueFrom } from 'rxjs';
import { Server } from 'socket.io';
import { probe, probeUrl } from './http-probe.js';

describe('probe', () => {
  let http: HttpServer;
  let url: string;

  beforeEach(async () => {
    http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    url = probeUrl(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, '/socket.io');
  });
  afterEach(async () => {
    jest.useRealTimers();
    http.closeAllConnections();
    if (http.listening) await new Promise((resolve) => http.close(resolve));
  });

  const answer = (listener: RequestListener) => void http.on('request', listener);
  const found = () => lastValueFrom(probe(url));

  it.each([
    ['http://a.example', '/socket.io', 'http://a.example/socket.io/?transport=polling'],
    ['wss://a.example/', '/up/', 'https://a.example/up/?transport=polling'],
  ])('asks the gateway of %s at %s', (origin, path, expected) => {
    expect(probeUrl(origin, path)).toBe(expected);
  });

  it('learns from a gateway that the origin of the page is refused', async () => {
    const message = ERRORS.ORIGIN_NOT_ALLOWED.message();
    answer((_, response) => response.writeHead(403).end(JSON.stringify({ message })));
    expect(await found()).toMatchObject({ code: 'ORIGIN_NOT_ALLOWED' });
  });

  it('leaves no connection behind on a gateway', async () => {
    const server = new Server(http);
    expect(await found()).toMatchObject({ code: 'WEBSOCKET_BLOCKED', details: { status: 400 } });
    expect(server.engine.clientsCount).toBe(0);
    await server.close();
  });

  it('says of 404 that there is no gateway at this path', async () => {
    answer((_, response) => response.writeHead(404).end());
    expect((await found())?.message).toContain('there is no gateway at this path (HTTP 404)');
  });

  it.each([200, 204, 302, 400, 401, 403, 404, 426, 451])('takes the status %d for an answer', async (status) => {
    answer((_, response) =>
      response.writeHead(status, { location: '/login' }).end(status === 204 ? '' : '{"message":5}'),
    );
    expect(await found()).toMatchObject({ code: 'WEBSOCKET_BLOCKED', details: { status } });
  });

  it.each(['', 'null', '[]', '<html>', '{"message":"no"}', '{'])(
    'does not take 403 with %p for a refusal',
    async (body) => {
      answer((_, response) => response.writeHead(403).end(body));
      expect(await found()).toMatchObject({ code: 'WEBSOCKET_BLOCKED', details: { status: 403 } });
    },
  );

  it.each([408, 429, 500, 502, 503, 504, 522])(
    'finds nothing in the status %d of a server in trouble',
    async (status) => {
      answer((_, response) => response.writeHead(status).end());
      expect(await found()).toBeUndefined();
    },
  );

  it('finds nothing if nothing listens', async () => {
    await new Promise((resolve) => http.close(resolve));
    expect(await found()).toBeUndefined();
  });

  it('finds nothing if the connection is cut', async () => {
    answer((request) => request.socket.destroy());
    expect(await found()).toBeUndefined();
  });

  it('finds nothing where there is no fetch', async () => {
    const { fetch } = globalThis;
    try {
      globalThis.fetch = undefined as never;
      expect(await found()).toBeUndefined();
    } finally {
      globalThis.fetch = fetch;
    }
  });

  it('reads no more than the beginning of a body without an end', async () => {
    answer((_, response) => {
      response.writeHead(403);
      const more = () => response.write('x'.repeat(10_000), () => setImmediate(more));
      more();
    });
    const closed = once(http, 'connection').then(([socket]) => once(socket, 'close'));
    expect(await found()).toMatchObject({ code: 'WEBSOCKET_BLOCKED' });
    await closed;
  });

  it('ends the request after five seconds without an answer', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
    const asked = once(http, 'request');
    const result = found();
    const [request] = await asked;
    const closed = once(request.socket, 'close');
    await jest.advanceTimersByTimeAsync(5_000);
    expect(await result).toBeUndefined();
    await closed;
  });

  it('ends the request when it is unsubscribed', async () => {
    const asked = once(http, 'request');
    const subscription = probe(url).subscribe();
    const [request] = await asked;
    const closed = once(request.socket, 'close');
    subscription.unsubscribe();
    await closed;
  });
});
