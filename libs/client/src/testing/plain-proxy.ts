import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline, type Duplex } from 'node:stream';

const answer = (status: string) => `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;

/** A proxy that passes plain HTTP on and drops `Upgrade`, as some networks do: no WebSocket gets through. */
export class PlainProxy {
  /** How many requests it has passed on that were not handshakes of WebSockets. */
  plainRequests = 0;
  /** Lets WebSockets through. */
  letsThrough = false;

  private onHeld: ((socket: Socket) => void) | undefined;

  private constructor(
    private readonly http: Server,
    private readonly target: string,
  ) {
    http.on('request', (incoming, response) => this.pass(incoming, response));
    http.on('upgrade', (incoming, socket) => {
      if (this.letsThrough) this.passUpgrade(incoming, socket);
      else socket.end(answer('400 Bad Request'));
    });
  }

  static async start(target: string): Promise<PlainProxy> {
    const http = createServer().listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new PlainProxy(http, target);
  }

  /** Answers plain requests no more. Resolves with the connection of the first. */
  holdPlainRequests(): Promise<Socket> {
    return new Promise((resolve) => (this.onHeld = resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.http.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }

  private passUpgrade(incoming: IncomingMessage, socket: Duplex): void {
    const upstream = request(this.target + incoming.url, { headers: incoming.headers, agent: false }).end();
    upstream.on('upgrade', ({ rawHeaders }, other, head) => {
      const headers = rawHeaders.map((text, index) => text + (index % 2 === 0 ? ': ' : '\r\n')).join('');
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`);
      socket.write(head);
      pipeline(socket, other, socket, () => undefined);
    });
    upstream.on('response', ({ statusCode, statusMessage }) => socket.end(answer(`${statusCode} ${statusMessage}`)));
    upstream.on('error', () => socket.destroy());
  }

  /** A gateway that is down shows as 502. */
  private pass(incoming: IncomingMessage, response: ServerResponse): void {
    this.plainRequests++;
    if (this.onHeld) return this.onHeld(incoming.socket);
    const { upgrade: _, connection: __, ...headers } = incoming.headers;
    const upstream = request(
      this.target + incoming.url,
      { method: incoming.method, headers, agent: false },
      (answered) => {
        response.writeHead(answered.statusCode ?? 502, answered.headers);
        answered.pipe(response);
      },
    );
    upstream.on('error', () => response.writeHead(502).end());
    incoming.pipe(upstream);
  }
}
