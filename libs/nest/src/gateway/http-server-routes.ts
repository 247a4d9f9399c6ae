import { Logger } from '@nestjs/common';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** What answers the requests to one path of an HTTP server. */
export interface HttpRoute {
  request(request: IncomingMessage, response: ServerResponse): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

type Event = keyof HttpRoute;
const EVENTS: readonly Event[] = ['request', 'upgrade'];

// As in Node's own types: what a listener takes depends on its event.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Listener = (...args: any[]) => void;

/** Node's option of the same name (from 22.21 and 24.9 on), which decides whether a request is an upgrade. */
interface Upgradable {
  shouldUpgradeCallback?: (request: IncomingMessage) => boolean;
}

const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** How long other parts of the application have to answer an upgrade: as long as Node waits for headers. */
const UNANSWERED_MS = 60_000;

const tables = new WeakMap<Server, HttpServerRoutes>();

/**
 * Answers the requests to some paths of an application's HTTP server, and leaves all others to the listeners that the
 * server had before. Node calls every listener with every request, and some close each WebSocket that they do not know,
 * such as Nest's `WsAdapter`. So the other listeners must not hear of requests that are answered here.
 * Engine.IO does the same for requests, but not for upgrades.
 */
export class HttpServerRoutes {
  private readonly logger = new Logger('UploadGateway');
  private readonly routes = new Map<string, HttpRoute>();
  private readonly others: Record<Event, Listener[]> = { request: [], upgrade: [] };
  private readonly listeners: Record<Event, Listener> = {
    request: (request: IncomingMessage, response: ServerResponse) => this.request(request, response),
    upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => this.upgrade(request, socket, head),
  };

  private readonly shouldUpgrade: Upgradable['shouldUpgradeCallback'];

  private constructor(private readonly server: Server & Upgradable) {
    this.shouldUpgrade = server.shouldUpgradeCallback;
  }

  /** The routes of a server: the same for all upload areas of an application. */
  static of(server: Server): HttpServerRoutes {
    const routes = tables.get(server) ?? new HttpServerRoutes(server);
    tables.set(server, routes);
    return routes;
  }

  /**
   * Begins to answer at a path and everything below it. Returns what ends it.
   * Throws a RangeError if one of this path and those that are served contains the other.
   */
  serve(path: string, route: HttpRoute): () => void {
    const prefix = `${path}/`;
    for (const other of this.routes.keys()) {
      if (!prefix.startsWith(other) && !other.startsWith(prefix)) continue;
      throw new RangeError(
        `UploadModule: path ${path} and path ${other.slice(0, -1)} overlap; give each upload area a path of its own`,
      );
    }
    if (this.routes.size === 0) this.install();
    this.routes.set(prefix, route);
    return () => {
      if (this.routes.delete(prefix) && this.routes.size === 0) this.remove();
    };
  }

  private install(): void {
    for (const event of EVENTS) this.server.on(event, this.listeners[event]);
    this.goFirst();
    if (this.shouldUpgrade) this.server.shouldUpgradeCallback = this.isUpgrade;
    // Other parts of the application may have added listeners until then, and may add some later.
    this.server.on('listening', this.goFirst);
    this.server.on('newListener', this.goFirstSoon);
  }

  private remove(): void {
    this.server.off('listening', this.goFirst);
    this.server.off('newListener', this.goFirstSoon);
    if (this.shouldUpgrade) this.server.shouldUpgradeCallback = this.shouldUpgrade;
    for (const event of EVENTS) {
      if (!this.isThere(event)) continue;
      this.server.off(event, this.listeners[event]);
      for (const other of this.others[event].splice(0)) this.server.on(event, other);
    }
  }

  private readonly goFirst = (): void => {
    for (const event of EVENTS) {
      if (!this.isThere(event)) continue;
      const own = this.listeners[event];
      const others = this.server.rawListeners(event).filter((listener) => listener !== own);
      this.server.removeAllListeners(event);
      this.server.on(event, own);
      this.others[event].push(...(others as Listener[]));
    }
  };

  /** `newListener` comes before the listener is there. */
  private readonly goFirstSoon = (event: string | symbol, listener: Listener): void => {
    const isOther = EVENTS.some((name) => name === event && listener !== this.listeners[name]);
    if (isOther) queueMicrotask(() => this.routes.size > 0 && this.goFirst());
  };

  /** Engine.IO takes over the listeners that it finds, and calls them itself. To go before it would call it in a circle. */
  private isThere(event: Event): boolean {
    return this.server.rawListeners(event).includes(this.listeners[event]);
  }

  private request(request: IncomingMessage, response: ServerResponse): void {
    const route = this.routeOf(request);
    if (!route) return this.pass('request', [request, response]);
    this.guarded(request, () => route.request(request, response));
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const route = this.routeOf(request);
    if (route) return this.guarded(request, () => route.upgrade(request, socket, head));
    if (this.others.upgrade.length > 0) {
      endUnanswered(socket as Socket);
      return this.pass('upgrade', [request, socket, head]);
    }
    // Node hands over the socket as soon as there is a listener, so nobody else would end it. `end` alone would leave it
    // open until the client ends it too, and the application could not close before.
    socket.on('error', () => undefined).once('finish', () => socket.destroy());
    socket.end(NOT_FOUND);
  }

  /**
   * A request that only offers another protocol, as Java's HttpClient and `curl --http2` do with HTTP/2, is answered by an
   * application that has no upgrades of its own.
   */
  private readonly isUpgrade = (request: IncomingMessage): boolean => {
    if (/websocket/i.test(request.headers.upgrade ?? '')) return true;
    return this.others.upgrade.length > 0 && Boolean(this.shouldUpgrade?.call(this.server, request));
  };

  private routeOf({ url = '' }: IncomingMessage): HttpRoute | undefined {
    for (const [prefix, route] of this.routes) if (url.startsWith(prefix)) return route;
    return undefined;
  }

  private pass(event: Event, args: unknown[]): void {
    for (const other of this.others[event]) other.apply(this.server, args);
  }

  /** An exception here would end the process. */
  private guarded(request: IncomingMessage, answer: () => void): void {
    try {
      answer();
    } catch (error) {
      this.logger.error(error);
      request.socket.destroy();
    }
  }
}

/**
 * Ends a connection that nobody answers. Engine.IO ends only its side of one, which the client may leave open indefinitely, and
 * does not even do so if the connection has had answers before.
 */
function endUnanswered(socket: Socket): void {
  const { bytesWritten } = socket;
  const end = () => void (socket.bytesWritten === bytesWritten && socket.destroy());
  const timer = setTimeout(end, UNANSWERED_MS).unref();
  socket.once('finish', end).once('close', () => clearTimeout(timer));
}
