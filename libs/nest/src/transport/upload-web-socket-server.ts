import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { LargeMessages } from './large-messages.js';

type Upgraded = (socket: WebSocket, request: IncomingMessage) => void;

/**
 * `ws`, but that chunks are received by `LargeMessages`: what the socket reads goes through it first, and `ws` sees the
 * rest. For the option `wsEngine` of Socket.IO. It uses nothing of `ws` but its public interface: that it reads its socket
 * by the event `data`, and tells of messages by the event `message`.
 */
export class UploadWebSocketServer extends WebSocketServer {
  private readonly maxBytes: number;

  constructor(options: ServerOptions) {
    super(options);
    this.maxBytes = options.maxPayload ?? Infinity;
  }

  override handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, upgraded: Upgraded): void {
    let webSocket: WebSocket | undefined;
    const emit = socket.emit.bind(socket);
    const messages = new LargeMessages(this.maxBytes, {
      pass: (bytes) => void emit('data', bytes),
      deliver: (message) => void webSocket?.emit('message', message, true),
      fail: () => webSocket?.terminate(),
    });
    super.handleUpgrade(request, socket, head, (opened, openedBy) => {
      webSocket = opened;
      const read = (event: string | symbol, ...args: unknown[]): boolean => {
        if (event !== 'data') return emit(event, ...args);
        messages.read(args[0] as Buffer);
        return true;
      };
      socket.emit = read;
      upgraded(opened, openedBy);
    });
  }
}
