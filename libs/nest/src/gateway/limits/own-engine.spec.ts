import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { WebSocketServer } from 'ws';
import { ENGINE_OPTIONS } from '../engine-options.js';
import { requireOwnEngine } from './own-engine.js';

describe('requireOwnEngine', () => {
  let http: HttpServer;
  let server: Server;

  beforeEach(() => {
    http = createServer();
    server = new Server(http, ENGINE_OPTIONS);
    // As Nest does for a gateway.
    server.on('connection', () => undefined);
  });
  afterEach(() => server.close());

  it.each([true, false])('sets fast paths to %s, and they are still so when the server listens', async (fastPaths) => {
    expect(requireOwnEngine(server, { fastPaths })).toBe(server);
    await once(http.listen(0, '127.0.0.1'), 'listening');
    expect((server.engine as unknown as { ws: unknown }).ws).toMatchObject({ fastPaths });
  });

  it.each([
    ['maxHttpBufferSize', 1_000_000],
    ['wsEngine', WebSocketServer],
    ['parser', undefined],
  ])('names %s if it was replaced', async (option, value) => {
    const other = new Server({ ...ENGINE_OPTIONS, [option]: value });
    other.attach(http);
    expect(() => requireOwnEngine(other, { fastPaths: true })).toThrow(`replaces ${option}. Let the adapter keep`);
    await other.close();
  });
});
