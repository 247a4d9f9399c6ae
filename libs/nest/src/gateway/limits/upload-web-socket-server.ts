import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { InterposedSocket } from './interposed-socket.js';
import { SocketIntake } from './socket-intake.js';

export interface UploadWebSocketServerOptions extends ServerOptions {
  /** Whether `LargeMessages` assembles large messages. Otherwise `ws` does, as for all others. @default true */
  readonly fastPaths?: boolean;
  /** A message that makes no progress for this long, in milliseconds, ends its connection. @default 30_000 */
  readonly stuckAfterMs?: number;
}

type Upgraded = (socket: WebSocket, request: IncomingMessage) => void;

/** The interval at which stalled messages are detected, in milliseconds. */
const STUCK_AFTER_MS = 30_000;

/** How long clients have to close their connections when the server closes, in milliseconds. */
const CLOSED_AFTER_MS = 2_000;

/** The interposed socket reads the bytes before the upgrade again, so `ws` gets none. */
const NO_HEAD = Buffer.alloc(0);

const intakes = new WeakMap<WebSocket, SocketIntake>();

/** The intake of a WebSocket of an `UploadWebSocketServer`; undefined for any other WebSocket. */
export const intakeOf = (webSocket: WebSocket): SocketIntake | undefined => intakes.get(webSocket);

/**
 * A `ws` server whose sockets are read by `SocketIntake`, for Socket.IO's option `wsEngine`. It relies only on the
 * public interface of `ws`: that it accepts any Duplex as its socket, and emits `message`.
 */
export class UploadWebSocketServer extends WebSocketServer {
  private readonly maxBytes: number;
  private readonly open = new Set<SocketIntake>();
  private readonly timer: NodeJS.Timeout;

  readonly fastPaths: boolean;

  constructor(options: UploadWebSocketServerOptions) {
    super(options);
    this.fastPaths = options.fastPaths ?? true;
    this.maxBytes = options.maxPayload ?? Infinity;
    const endStuck = () => this.open.forEach((intake) => intake.endIfStuck());
    this.timer = setInterval(endStuck, options.stuckAfterMs ?? STUCK_AFTER_MS).unref();
  }

  override close(closed?: (error?: Error) => void): void {
    clearInterval(this.timer);
    // `ws` would wait 30 s for a client that does not answer, and the application with it.
    setTimeout(() => this.open.forEach((intake) => intake.end()), CLOSED_AFTER_MS).unref();
    super.close(closed);
  }

  override handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, upgraded: Upgraded): void {
    const interposed = new InterposedSocket(socket, head);
    super.handleUpgrade(request, interposed, NO_HEAD, (opened, openedBy) => {
      const intake = new SocketIntake(opened, interposed, this.maxBytes, this.fastPaths);
      intakes.set(opened, intake);
      this.open.add(intake);
      opened.once('close', () => this.open.delete(intake));
      upgraded(opened, openedBy);
    });
  }
}

/** The class for the option `wsEngine`, which Engine.IO constructs itself. */
export const webSocketServerWith = (fastPaths: boolean): typeof UploadWebSocketServer =>
  class extends UploadWebSocketServer {
    constructor(options: UploadWebSocketServerOptions) {
      super({ ...options, fastPaths });
    }
  };
