import { Server as Engine } from 'engine.io';
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { ENGINE_OPTIONS } from './engine-options.js';
import { HttpServerRoutes, type HttpRoute } from './http-server-routes.js';
import { webSocketServerWith } from './limits/upload-web-socket-server.js';

/**
 * A Socket.IO server of our own on the HTTP server of an application. It shares nothing with the gateways of the
 * application: no path, no namespace, no adapter and no options, so neither side can break the other.
 */
export class UploadServer {
  readonly io: Server;
  private readonly engine: Engine;
  private readonly stopServing: (() => void)[] = [];

  constructor({ fastPaths }: { readonly fastPaths: boolean }) {
    this.io = new Server(ENGINE_OPTIONS);
    this.engine = new Engine({ ...ENGINE_OPTIONS, wsEngine: webSocketServerWith(fastPaths) });
    this.io.bind(this.engine);
  }

  /** Takes connections at some paths. Throws a RangeError if another upload area is served there. */
  open(httpServer: HttpServer, paths: Iterable<string>): void {
    const route: HttpRoute = {
      request: (request, response) => this.engine.handleRequest(request as EngineRequest, response),
      upgrade: (request, socket, head) => this.engine.handleUpgrade(request as EngineRequest, socket, head),
    };
    for (const path of paths) this.stopServing.push(HttpServerRoutes.of(httpServer).serve(path, route));
  }

  /** Takes no more connections, and ends those that are open. */
  async close(): Promise<void> {
    for (const stop of this.stopServing.splice(0)) stop();
    await this.io.close();
  }
}

type EngineRequest = Parameters<Engine['handleRequest']>[0];
