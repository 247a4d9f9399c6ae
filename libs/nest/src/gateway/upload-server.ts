import { Server as Engine } from 'engine.io';
import type { Server as HttpServer } from 'node:http';
import { Server } from 'socket.io';
import { ENGINE_OPTIONS } from './engine-options.js';
import { HttpServerRoutes } from './http-server-routes.js';
import { webSocketServerWith } from './limits/upload-web-socket-server.js';

/**
 * A Socket.IO server of our own on the HTTP server of an application. It shares nothing with the gateways of the
 * application: no path, no namespace, no adapter and no options, so neither side can break the other.
 */
export class UploadServer {
  readonly io: Server;
  private readonly engine: Engine;
  private stopServing: (() => void) | undefined;

  constructor({ fastPaths }: { readonly fastPaths: boolean }) {
    this.io = new Server(ENGINE_OPTIONS);
    this.engine = new Engine({ ...ENGINE_OPTIONS, wsEngine: webSocketServerWith(fastPaths) });
    this.io.bind(this.engine);
  }

  /** Takes connections at a path. Throws a RangeError if another upload area is served there. */
  open(httpServer: HttpServer, path: string): void {
    this.stopServing = HttpServerRoutes.of(httpServer).serve(path, {
      request: (request, response) => this.engine.handleRequest(request as EngineRequest, response),
      upgrade: (request, socket, head) => this.engine.handleUpgrade(request as EngineRequest, socket, head),
    });
  }

  /** Takes no more connections, and ends those that are open. */
  async close(): Promise<void> {
    this.stopServing?.();
    await this.io.close();
  }
}

type EngineRequest = Parameters<Engine['handleRequest']>[0];
