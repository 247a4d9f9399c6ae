import { UploadError } from '@upload-streams/protocol';
import { Observable } from 'rxjs';
import { io, type Socket } from 'socket.io-client';
import type { UploadTransport } from '../ports/transport.js';
import type { ResolvedClientOptions } from '../upload-options.js';

/** One Socket.IO connection, made when the first upload needs it and closed when none has for a while. */
export class SocketIoTransport implements UploadTransport {
  private readonly socket: Socket;
  private users = 0;
  private idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: ResolvedClientOptions) {
    this.socket = createSocket(options);
  }

  readonly connected$ = new Observable<void>((subscriber) => {
    const { socket } = this;
    const onConnect = () => subscriber.next();
    const onDisconnect = () => subscriber.error(new UploadError('CONNECTION_LOST'));
    const onConnectError = (error: Error & { data?: unknown }) =>
      subscriber.error(error.data ? UploadError.fromBody(error.data) : connectionLost(error));
    socket.on('connect', onConnect).on('disconnect', onDisconnect).on('connect_error', onConnectError);
    this.acquire();
    if (socket.connected) subscriber.next();
    else socket.connect();
    return () => {
      socket.off('connect', onConnect).off('disconnect', onDisconnect).off('connect_error', onConnectError);
      this.release();
    };
  });

  on(event: string): Observable<readonly unknown[]> {
    return new Observable((subscriber) => {
      const listener = (...args: unknown[]) => subscriber.next(args);
      this.socket.on(event, listener);
      return () => this.socket.off(event, listener);
    });
  }

  request(event: string, payload: unknown): Observable<unknown> {
    return new Observable((subscriber) => {
      // Socket.IO would keep it and send it on the next connection, where it is stale.
      if (!this.socket.connected) return subscriber.error(new UploadError('CONNECTION_LOST'));
      this.socket.emit(event, payload, (ack: unknown) => {
        subscriber.next(ack);
        subscriber.complete();
      });
    });
  }

  drop(): void {
    this.socket.io.engine?.close();
  }

  close(): void {
    clearTimeout(this.idleTimer);
    this.socket.disconnect();
  }

  private acquire(): void {
    clearTimeout(this.idleTimer);
    this.users++;
  }

  private release(): void {
    if (--this.users === 0) this.idleTimer = setTimeout(() => this.socket.disconnect(), this.options.idleTimeoutMs);
  }
}

function createSocket({ url, path, token }: ResolvedClientOptions): Socket {
  const settings = {
    path,
    // WebSocket first: long polling costs a request a chunk, and needs sticky sessions behind a balancer.
    transports: ['websocket'],
    autoConnect: false,
    // The pipeline reconnects, since it knows what has to be sent again.
    reconnection: false,
    forceNew: true,
    auth: (provide: (auth: object) => void) => {
      void Promise.resolve(typeof token === 'function' ? token() : token).then((value) =>
        provide(value ? { token: value } : {}),
      );
    },
  };
  return url === undefined ? io(settings) : io(url, settings);
}

const connectionLost = (cause: unknown): UploadError => new UploadError('CONNECTION_LOST', undefined, { cause });
