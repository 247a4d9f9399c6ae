import { setImmediate } from 'node:timers';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { processMemory, type ConnectionMemory } from './client-memory.js';
import { LargeMessages } from './large-messages.js';

/** Frames that are read in one turn of the event loop; others have their turn then. */
const FRAMES_AT_ONCE = 256;

/** Answers that a client may leave unread, beside what the operating system keeps. */
const MAX_UNREAD_BYTES = 1024 * 1024;
const MAX_UNREAD_PACKETS = 1024;

/** A message must bring this much in each period, or end in it: 2 KiB/s. */
const LEAST_PROGRESS_BYTES = 64 * 1024;

/** What Engine.IO keeps until the socket takes it. */
export interface Unsent {
  readonly writeBuffer: { readonly length: number };
}

/** What one WebSocket reads. It stops reading while too much is held for its client, or too little is read by it. */
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
  ) {
    this.emit = socket.emit.bind(socket);
    this.messages = new LargeMessages(maxBytes, FRAMES_AT_ONCE, {
      pass: (bytes) => void this.emit('data', bytes),
      deliver: (message) => void webSocket.emit('message', message, true),
      fail: () => webSocket.terminate(),
    });
    socket.emit = (event: string | symbol, ...args: unknown[]) => this.onEvent(event, args);
    webSocket.once('close', () => this.close());
  }

  /** The connection of Engine.IO that it belongs to. */
  serve(unsent: Unsent): void {
    this.unsent = unsent;
  }

  /** Ends the connection where a message was begun before the last call, and came on too little since. */
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

  /** Called whenever something fell; also for nothing. */
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
