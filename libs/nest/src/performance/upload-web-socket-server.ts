import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { SocketIntake } from './socket-intake.js';

type Upgraded = (socket: WebSocket, request: IncomingMessage) => void;

/** It is looked this often for messages that do not come on, in milliseconds. */
const STUCK_AFTER_MS = 30_000;

const intakes = new WeakMap<WebSocket, SocketIntake>();

/** What reads a WebSocket of an `UploadWebSocketServer`; undefined for any other. */
export const intakeOf = (webSocket: WebSocket): SocketIntake | undefined => intakes.get(webSocket);

/**
 * `ws`, but that `SocketIntake` reads the socket: chunks are received by `LargeMessages`, and `ws` sees the rest. For the
 * option `wsEngine` of Socket.IO. It uses nothing of `ws` but its public interface: that it reads its socket by the event
 * `data`, and tells of messages by the event `message`.
 */
export class UploadWebSocketServer extends WebSocketServer {
  private readonly maxBytes: number;
  private readonly open = new Set<SocketIntake>();
  private readonly timer: NodeJS.Timeout;

  /** `stuckAfterMs`: a message that brings nothing for so long ends its connection. @default 30 s */
  constructor(options: ServerOptions & { readonly stuckAfterMs?: number }) {
    super(options);
    this.maxBytes = options.maxPayload ?? Infinity;
    const endStuck = () => this.open.forEach((intake) => intake.endIfStuck());
    this.timer = setInterval(endStuck, options.stuckAfterMs ?? STUCK_AFTER_MS).unref();
  }

  override close(closed?: (error?: Error) => void): void {
    clearInterval(this.timer);
    super.close(closed);
  }

  override handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, upgraded: Upgraded): void {
    super.handleUpgrade(request, socket, head, (opened, openedBy) => {
      const intake = new SocketIntake(opened, socket, this.maxBytes);
      intakes.set(opened, intake);
      this.open.add(intake);
      opened.once('close', () => this.open.delete(intake));
      upgraded(opened, openedBy);
    });
  }
}
