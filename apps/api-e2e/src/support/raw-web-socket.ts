import { once } from 'node:events';
import { WebSocket } from 'ws';

/** Sends and receives single Engine.IO frames, without the checks of a client. */
export class RawWebSocket {
  /** Received texts, without the packets that open a connection. */
  readonly received: string[] = [];

  readonly socket: WebSocket;
  private wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', () => this.wake());
    socket.on('message', (data, isBinary) => {
      const text = isBinary ? '' : String(data);
      if (text === '2') socket.send('3');
      else if (!isBinary) this.received.push(text);
      this.wake();
    });
  }

  /** Connects to the namespace `/`. With `connect: false`, only to Engine.IO. */
  static async open(url: string, { connect = true, auth = '', path = '/upload-streams' } = {}): Promise<RawWebSocket> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}/?EIO=4&transport=websocket`);
    const raw = new RawWebSocket(socket);
    await once(socket, 'open');
    await raw.next();
    if (connect) {
      socket.send(`40${auth}`);
      await raw.next();
    }
    return raw;
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(data: string | Uint8Array): void {
    this.socket.send(data);
  }

  /** Resolves with the next text, or with undefined if the connection ends before. */
  async next(): Promise<string | undefined> {
    while (this.received.length === 0 && this.socket.readyState !== WebSocket.CLOSED) {
      await new Promise<void>((wake) => (this.wake = wake));
    }
    return this.received.shift();
  }

  async closed(): Promise<void> {
    if (this.socket.readyState !== WebSocket.CLOSED) await once(this.socket, 'close');
  }

  close(): void {
    this.socket.terminate();
  }
}
