import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stores answer when they are overloaded, in turn; every second request gets one of these. */
const ANSWERS = [500, 503, 429, 502] as const;

/** In front of an object store: every second request fails, the others pass. */
export class FlakyStore {
  failures = 0;
  private requests = 0;

  private constructor(
    private readonly server: Server,
    private readonly port: number,
  ) {
    server.on('request', (asked: IncomingMessage, answer: ServerResponse) => this.serve(asked, answer));
  }

  static async open(port: number): Promise<FlakyStore> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FlakyStore(server, port);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(asked: IncomingMessage, answer: ServerResponse): void {
    if (this.requests++ % 2 === 0) {
      asked.resume();
      answer.writeHead(ANSWERS[this.failures++ % ANSWERS.length]!).end();
      return;
    }
    const { method, url, headers } = asked;
    const passed = request({ host: '127.0.0.1', port: this.port, method, path: url, headers }, (given) => {
      answer.writeHead(given.statusCode!, given.headers);
      given.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    asked.pipe(passed);
  }
}
