import { setImmediate } from 'node:timers';
import type { WebSocket } from 'ws';
import { LargeMessages } from '../../performance/large-messages.js';
import { processMemory, type ConnectionMemory } from './client-memory.js';
import { FrameStream } from './frame-stream.js';
import type { InterposedSocket } from './interposed-socket.js';

/** How much of its answers a client may leave unread, in addition to the buffers of the operating system. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const MAX_UNREAD_PACKETS = 1024;

/** The minimum progress of an incomplete message in each period of 30 s: 2 KiB/s. */
const LEAST_PROGRESS_BYTES = 64 * 1024;

/** The packets that Engine.IO keeps until the socket takes them. */
export interface Unsent {
  readonly writeBuffer: { readonly length: number };
}

/**
 * Reads from one WebSocket. Pauses while too much is held for its client, or while the client does not read its
 * answers. The counted bytes are limited with and without `fastPaths`. Without it, `ws` assembles large messages, and
 * may need up to twice the counted memory while it joins one.
 */
export class SocketIntake {
  readonly memory: ConnectionMemory = processMemory.join(() => this.resume());
  private readonly frames: FrameStream;
  private unsent: Unsent | undefined;
  private rest: Buffer | undefined;
  private received = 0;
  private waits = false;
  private seen = { message: -1, bytes: 0 };

  constructor(
    private readonly webSocket: WebSocket,
    private readonly socket: InterposedSocket,
    maxBytes: number,
    fastPaths: boolean,
  ) {
    const targets = {
      pass: (bytes: Buffer) => socket.pass(bytes),
      deliver: (message: Buffer) => void webSocket.emit('message', message, true),
      fail: () => webSocket.terminate(),
    };
    this.frames = new FrameStream(targets, fastPaths ? new LargeMessages(maxBytes) : undefined);
    socket.intercept((bytes) => this.take(bytes));
    socket.on('drain', () => this.resume());
    webSocket.once('close', () => this.close());
  }

  /** Attaches the Engine.IO connection, whose unsent answers are limited. */
  serve(unsent: Unsent): void {
    this.unsent = unsent;
  }

  /** Ends the connection at once. */
  end(): void {
    this.webSocket.terminate();
  }

  /** Ends the connection if the message that was open at the last call has made too little progress since. */
  endIfStuck(): void {
    const { openMessage } = this.frames;
    const isStuck = openMessage === this.seen.message && this.received - this.seen.bytes < LEAST_PROGRESS_BYTES;
    if (isStuck && openMessage !== undefined && !this.waits) return this.webSocket.terminate();
    this.seen = { message: openMessage ?? -1, bytes: this.received };
  }

  private take(bytes: Buffer): void {
    this.received += bytes.length;
    this.rest = this.rest ? Buffer.concat([this.rest, bytes]) : bytes;
    if (!this.waits) this.readOn();
  }

  private readOn(): void {
    if (this.rest) this.rest = this.frames.read(this.rest);
    this.memory.take(this.frames.growth());
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

  /** Reads on if nothing stands against it. Called whenever something that reading waits for may have changed. */
  private resume(): void {
    if (!this.waits || this.isOver) return;
    this.waits = false;
    if (this.socket.destroyed) return;
    this.readOn();
    if (!this.waits) this.webSocket.resume();
  }

  private close(): void {
    this.frames.discard();
    this.memory.take(this.frames.growth());
    this.memory.leave();
  }
}
