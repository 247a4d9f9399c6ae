import type { Socket } from 'node:net';
import { FaultPipe, type LinkShape } from './fault-proxy-pipe.js';

/** `upstream`: from the client to the server. */
export type Direction = 'upstream' | 'downstream';

/** Delay and rate of each direction of a link. */
export type LinkShapes = Readonly<Partial<Record<Direction, LinkShape>>>;

/** `reset`: at once (RST), as when a process is killed or a router loses its state. `end`: a graceful end (FIN). */
export type CutKind = 'reset' | 'end';

/** One connection through the proxy, and its faults. */
export class FaultConnection {
  /** Resolves when both sides are closed. */
  readonly closed: Promise<void>;
  private readonly pipes: Record<Direction, FaultPipe>;
  private readonly beingReset = new Set<Socket>();
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    shapes: () => LinkShapes,
  ) {
    const sockets = [client, server];
    for (const socket of sockets) {
      socket.setNoDelay();
      // `close` follows each error and is handled instead.
      socket.on('error', () => undefined);
    }
    const reset = (socket: Socket) => this.reset(socket);
    this.pipes = {
      upstream: new FaultPipe(client, server, () => shapes().upstream ?? {}, reset),
      downstream: new FaultPipe(server, client, () => shapes().downstream ?? {}, reset),
    };
    const closings = sockets.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())));
    this.closed = Promise.all(closings).then(() => this.clearTimers());
  }

  /** Bytes that the sender of a direction has sent, whether they arrive or not. */
  sent(direction: Direction): number {
    return this.pipes[direction].received;
  }

  /** Bytes of a direction that have arrived. */
  delivered(direction: Direction): number {
    return this.pipes[direction].delivered;
  }

  /** Ends the connection on both sides. What is in transit is lost. */
  cut(kind: CutKind = 'reset'): void {
    for (const pipe of Object.values(this.pipes)) pipe.stop();
    for (const socket of [this.client, this.server]) {
      if (kind === 'reset') this.reset(socket);
      else socket.end();
    }
  }

  /** Nothing passes in one direction, or in both. The connection stays open. */
  freeze(direction?: Direction): void {
    for (const pipe of this.chosen(direction)) pipe.freeze();
  }

  unfreeze(direction?: Direction): void {
    for (const pipe of this.chosen(direction)) pipe.unfreeze();
  }

  /** Discards everything that a direction carries from now on. Its sender does not notice. */
  drop(direction: Direction): void {
    this.pipes[direction].drop();
  }

  /** Flips a bit of the byte with that number, counted from the start of the connection. */
  flipBit(direction: Direction, atByte: number): void {
    this.pipes[direction].flipBit(atByte);
  }

  /** Calls `act` when exactly this many bytes since the start of the connection have arrived, for example to cut it. */
  after(direction: Direction, bytes: number, act: () => void): void {
    this.pipes[direction].after(bytes, act);
  }

  /** Calls `act` after a time in milliseconds, if the connection is still open. */
  afterMs(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, delayMs);
    this.timers.add(timer);
  }

  /** Destroys whatever is still open. */
  destroy(): void {
    this.clearTimers();
    for (const pipe of Object.values(this.pipes)) pipe.stop();
    for (const socket of [this.client, this.server]) if (!this.beingReset.has(socket)) socket.destroy();
  }

  /**
   * Before a reset, Node sends what is queued, which never ends if the other side does not read. And a socket that is being
   * reset or ended never closes if it is reset or destroyed again meanwhile.
   */
  private reset(socket: Socket): void {
    if (this.beingReset.has(socket)) return;
    if (socket.connecting || socket.writableLength > 0 || socket.writableEnded) {
      socket.destroy();
      return;
    }
    this.beingReset.add(socket);
    socket.resetAndDestroy();
  }

  private chosen(direction?: Direction): FaultPipe[] {
    return direction ? [this.pipes[direction]] : Object.values(this.pipes);
  }

  private clearTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
