import { setImmediate } from 'node:timers';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { processMemory, type ConnectionMemory } from './client-memory.js';
import { LARGE_BYTES, LargeMessages } from './large-messages.js';

/** Frames that are read in one turn of the event loop. Other connections get their turn after that. */
const FRAMES_AT_ONCE = 256;

/** Answers that a client may leave unread, in addition to what the operating system buffers. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const MAX_UNREAD_PACKETS = 1024;

/** The minimum progress of an incomplete message in each period of 30 s: 2 KiB/s. */
const LEAST_PROGRESS_BYTES = 64 * 1024;

/** The packets that Engine.IO keeps until the socket takes them. */
export interface Unsent {
  readonly writeBuffer: { readonly length: number };
}

/**
 * Reads from one WebSocket: it pauses while too much is held for its client, or while the client does not read its answers.
 * To see the bytes before `ws` does, it replaces the `emit` of the socket, an object that is not ours. The bounds do not
 * depend on `fastPaths`, which only says whether large messages are assembled here or by `ws`.
 */
export class SocketIntake {
  readonly memory: ConnectionMemory = processMemory.join(() => this.resume());
  private readonly messages: LargeMessages;
  private readonly emit: Duplex['emit'];
  private unsent: Unsent | undefined;
  private rest: Buffer | undefined;
  private received = 0;
  private waits = false;
  private seen = { message: -1, bytes: 0 };

  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: Duplex,
    maxBytes: number,
    fastPaths: boolean,
  ) {
    this.emit = socket.emit.bind(socket);
    this.messages = new LargeMessages(
      maxBytes,
      FRAMES_AT_ONCE,
      {
        pass: (bytes) => void this.emit('data', bytes),
        deliver: (message) => void webSocket.emit('message', message, true),
        fail: () => webSocket.terminate(),
      },
      fastPaths ? LARGE_BYTES : Infinity,
    );
    socket.emit = (event: string | symbol, ...args: unknown[]) => this.onEvent(event, args);
    webSocket.once('close', () => this.close());
  }

  /** The connection of Engine.IO that it belongs to. */
  serve(unsent: Unsent): void {
    this.unsent = unsent;
  }

  /** Ends the connection if the message that was open at the last call has made too little progress since. */
  endIfStuck(): void {
    const { openMessage } = this.messages;
    const isStuck = openMessage === this.seen.message && this.received - this.seen.bytes < LEAST_PROGRESS_BYTES;
    if (isStuck && openMessage !== undefined && !this.waits) return this.webSocket.terminate();
    this.seen = { message: openMessage ?? -1, bytes: this.received };
  }

  private onEvent(event: string | symbol, args: unknown[]): boolean {
    if (event === 'drain') this.resume();
    if (event !== 'data') return this.emit(event, ...args);
    const bytes = args[0] as Buffer;
    this.received += bytes.length;
    this.rest = this.rest ? Buffer.concat([this.rest, bytes]) : bytes;
    if (!this.waits) this.readOn();
    return true;
  }

  private readOn(): void {
    if (this.rest) this.rest = this.messages.read(this.rest);
    this.memory.take(this.messages.growth());
    if (this.rest || this.isOver) this.wait();
  }

  private get isOver(): boolean {
    return this.hasUnread || this.memory.isOver;
  }

  private get hasUnread(): boolean {
    if (this.webSocket.bufferedAmount > MAX_UNREAD_BYTES) return true;
    return (this.unsent?.writeBuffer.length ?? 0) > MAX_UNREAD_PACKETS;
  }

  private wait(): void {
    this.waits = true;
    this.webSocket.pause();
    if (!this.isOver) setImmediate(() => this.resume());
  }

  /** Called whenever something that it waits for may have changed. */
  private resume(): void {
    if (!this.waits || this.isOver) return;
    this.waits = false;
    if (this.socket.destroyed) return;
    this.readOn();
    if (!this.waits) this.webSocket.resume();
  }

  private close(): void {
    this.messages.discard();
    this.memory.take(this.messages.growth());
    this.memory.leave();
  }
}
