import { UploadError } from '@upload-streams/protocol';
import { Observable, Subject, type Subscription } from 'rxjs';
import { io, type ManagerOptions, type Socket } from 'socket.io-client';
import type { UploadTransport } from '../../ports/transport.js';
import { askToken, type TokenSource } from './ask-token.js';
import { HandshakeWatch } from './handshake-watch.js';
import { probe, probeUrl } from './http-probe.js';
import { watchSilence } from './silence-watch.js';

/** `UploadClientOptions` says what each option means. */
export interface SocketIoTransportOptions {
  readonly url: string | undefined;
  readonly path: string;
  readonly token: TokenSource;
  readonly tokenTimeoutMs: number;
  readonly ackTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** What Socket.IO takes as its `transports`. */
export type SocketTransports = NonNullable<ManagerOptions['transports']>;

/** WebSocket only: long polling needs a request for each chunk, and sticky sessions behind a load balancer. */
const WEB_SOCKET: SocketTransports = ['websocket'];

/** One Socket.IO connection. It opens with the first upload and closes when there has been none for `idleTimeoutMs`. */
export class SocketIoTransport implements UploadTransport {
  private created: Socket | undefined;
  private readonly up = new Subject<void>();
  private readonly down = new Subject<UploadError>();
  private connecting = false;
  private dropReason: UploadError | undefined;
  private asking: Subscription | undefined;
  private readonly handshakes = new HandshakeWatch(() =>
    probe(probeUrl(this.options.url ?? globalThis.location.origin, this.options.path)),
  );
  private heardAt = performance.now();
  private users = 0;
  private idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly options: SocketIoTransportOptions,
    private readonly transports = WEB_SOCKET,
  ) {}

  readonly connected$ = new Observable<void>((subscriber) => {
    subscriber.add(this.down.subscribe((reason) => subscriber.error(reason)));
    subscriber.add(this.up.subscribe(() => subscriber.next()));
    this.acquire();
    subscriber.add(() => this.release());
    if (this.socket.connected) subscriber.next();
    else this.connect();
  });

  get silentMs(): number {
    return performance.now() - this.heardAt;
  }

  on(event: string): Observable<readonly unknown[]> {
    return new Observable((subscriber) => {
      const listener = (...args: unknown[]) => subscriber.next(args);
      this.socket.on(event, listener);
      return () => this.socket.off(event, listener);
    });
  }

  request(event: string, payload: unknown): Observable<unknown> {
    return new Observable((subscriber) => {
      // Socket.IO would buffer the event and send it over the next connection, where it is stale.
      if (!this.socket.connected) return subscriber.error(new UploadError('CONNECTION_LOST'));
      this.socket.emit(event, payload, (ack: unknown) => {
        subscriber.next(ack);
        subscriber.complete();
      });
    });
  }

  drop(reason: UploadError): void {
    this.dropReason = reason;
    this.socket.io.engine?.close();
  }

  rest(): void {
    this.handshakes.stop();
  }

  close(): void {
    this.rest();
    clearTimeout(this.idleTimer);
    this.disconnect();
  }

  /** Created when it is first needed: a server that renders the page has no address to connect to. */
  private get socket(): Socket {
    return (this.created ??= this.createSocket());
  }

  /** Connects once for all subscribers: a second CONNECT before the first is answered makes the server hang up. */
  private connect(): void {
    if (this.connecting) return;
    this.connecting = true;
    this.dropReason = undefined;
    this.handshakes.begin();
    this.socket.connect();
    const onSilence = () => this.drop(new UploadError('ACK_TIMEOUT'));
    this.heardAt = performance.now();
    this.socket.io.engine.on('packet', () => (this.heardAt = performance.now()));
    watchSilence(this.socket.io.engine, this.options.ackTimeoutMs, onSilence);
  }

  private disconnect(): void {
    this.created?.disconnect();
    // Socket.IO emits nothing for a connection that was not open yet.
    if (this.connecting) this.onDown(connectionLost());
  }

  private onUp(): void {
    this.connecting = false;
    this.up.next();
  }

  private onDown(reason: UploadError): void {
    this.asking?.unsubscribe();
    this.connecting = false;
    this.dropReason = undefined;
    this.down.next(reason);
  }

  private acquire(): void {
    clearTimeout(this.idleTimer);
    this.users++;
  }

  private release(): void {
    // A timer would keep a Node process running for nothing after `close`.
    if (--this.users > 0 || !this.created?.active) return;
    this.idleTimer = setTimeout(() => this.disconnect(), this.options.idleTimeoutMs);
  }

  private createSocket(): Socket {
    const { url, path, ackTimeoutMs } = this.options;
    const settings = {
      path,
      transports: this.transports,
      autoConnect: false,
      // The pipeline reconnects, because it knows what has to be sent again.
      reconnection: false,
      forceNew: true,
      timeout: ackTimeoutMs,
      auth: (provide: (auth: object) => void) => this.authenticate(provide),
    };
    const socket = url === undefined ? io(settings) : io(url, settings);
    // The WebSocket is open. The server may still refuse the client.
    socket.io.on('open', () => this.handshakes.opened());
    return socket
      .on('connect', () => this.onUp())
      .on('disconnect', () => this.onDown(this.dropReason ?? connectionLost()))
      .on('connect_error', (error: Error & { data?: unknown }) => this.onRefused(error));
  }

  private onRefused(error: Error & { data?: unknown }): void {
    if (error.data) return this.onDown(UploadError.fromBody(error.data));
    const isOpen = this.socket.io.engine.readyState === 'open';
    this.onDown(isOpen ? connectionLost(error) : this.handshakes.failed(error));
  }

  /** Without its credential, a connection is useless. The question ends with its connection, and each has its own. */
  private authenticate(provide: (auth: object) => void): void {
    const { token, tokenTimeoutMs } = this.options;
    this.asking = askToken(token, tokenTimeoutMs).subscribe({
      next: (value) => provide(value === undefined ? {} : { token: value }),
      error: (reason: UploadError) => this.drop(reason),
    });
  }
}

const connectionLost = (cause?: unknown): UploadError => new UploadError('CONNECTION_LOST', undefined, { cause });
