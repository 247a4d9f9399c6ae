import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** The way from the browser to the server: a TCP proxy that can be slow and can be cut. */
export class Link {
  /** What passes towards the server, in bytes a second. */
  bytesPerSecond = Infinity;
  /** What has passed towards the server so far, in bytes. */
  bytesSent = 0;
  /** How many connections were made so far. */
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {
    server.on('connection', (browser) => this.join(browser));
  }

  /** A link to the server on that port of this machine. */
  static async open(port: number): Promise<Link> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Link(server, port);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Resets every connection; new ones go through. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  close(): void {
    this.cut();
    this.server.close();
  }

  private join(browser: Socket): void {
    this.connections++;
    const server = connect(this.port, '127.0.0.1');
    for (const socket of [browser, server]) {
      this.sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        browser.destroy();
        server.destroy();
      });
    }
    server.pipe(browser);
    void this.forward(browser, server);
  }

  private async forward(browser: Socket, server: Socket): Promise<void> {
    try {
      for await (const bytes of browser as AsyncIterable<Buffer>) {
        this.bytesSent += bytes.length;
        if (!server.write(bytes)) await once(server, 'drain');
        const delayMs = (bytes.length / this.bytesPerSecond) * 1000;
        if (delayMs > 0) await sleep(delayMs);
      }
      server.end();
    } catch {
      // One side is gone; `close` ends the other.
    }
  }
}
