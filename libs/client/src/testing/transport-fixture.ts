import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { UploadError } from '@upload-streams/protocol';
import type { Observable, Subscription } from 'rxjs';
import { Server } from 'socket.io';
import { SocketIoTransport } from '../adapters/transport/socket-io-transport.js';
import { resolveClientOptions, type UploadClientOptions } from '../options/client-options.js';

/** A Socket.IO server, and transports and subscriptions that end with the test. */
export class TransportFixture {
  private readonly transports: SocketIoTransport[] = [];
  private readonly subscriptions: Subscription[] = [];

  private constructor(
    readonly server: Server,
    readonly url: string,
  ) {}

  static async start(): Promise<TransportFixture> {
    const http = createServer();
    const server = new Server(http, { path: '/upload-streams' });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    return new TransportFixture(server, `http://127.0.0.1:${(http.address() as AddressInfo).port}`);
  }

  async close(): Promise<void> {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    for (const transport of this.transports) transport.close();
    await this.server.close();
  }

  transportTo(options: UploadClientOptions = {}): SocketIoTransport {
    const transport = new SocketIoTransport(resolveClientOptions({ url: this.url, ...options }));
    this.transports.push(transport);
    return transport;
  }

  /** Subscribes. Returns promises of the first emission and of the error, and the means to unsubscribe. */
  use(observable: Observable<unknown>): Use {
    const subscription = { unsubscribe: () => undefined as void };
    let fail: (error: UploadError) => void;
    const error = new Promise<UploadError>((resolve) => (fail = resolve));
    const up = new Promise<void>((resolve) => {
      const subscribed = observable.subscribe({ next: () => resolve(), error: (reason) => fail(reason) });
      subscription.unsubscribe = () => subscribed.unsubscribe();
      this.subscriptions.push(subscribed);
    });
    return { up, error, unsubscribe: () => subscription.unsubscribe() };
  }
}

interface Use {
  readonly up: Promise<void>;
  readonly error: Promise<UploadError>;
  unsubscribe(): void;
}
