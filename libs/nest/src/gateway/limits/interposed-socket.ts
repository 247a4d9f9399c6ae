import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/**
 * A socket between `ws` and the socket of a client. Bytes from the client go to `onRead`, which decides what `ws` gets,
 * and when. Everything else passes through, so nothing in the client's socket has to be replaced.
 */
export class InterposedSocket extends Duplex {
  private onRead: (bytes: Buffer) => void = (bytes) => this.pass(bytes);

  /** `head`: bytes that were already read from the client's socket. */
  constructor(
    private readonly socket: Duplex,
    head: Buffer,
  ) {
    super();
    // Nothing is read before `ws` asks for it.
    socket.pause();
    if (head.length > 0) socket.unshift(head);
    socket
      .on('data', (bytes: Buffer) => this.onRead(bytes))
      .on('end', () => this.push(null))
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.destroy());
    if (socket.destroyed) this.destroy();
  }

  /** Engine.IO passes it to applications. */
  get remoteAddress(): string | undefined {
    return (this.socket as Socket).remoteAddress;
  }

  /** From now on, `onRead` gets the bytes from the client. */
  intercept(onRead: (bytes: Buffer) => void): void {
    this.onRead = onRead;
  }

  /**
   * Gives bytes to `ws` at once, even while it is paused, so that they keep their order with messages that bypass `ws`.
   */
  pass(bytes: Buffer): void {
    this.emit('data', bytes);
  }

  override pause(): this {
    this.socket.pause();
    return super.pause();
  }

  override resume(): this {
    this.socket.resume();
    return super.resume();
  }

  override _read(): void {}

  override _write(bytes: Buffer, encoding: BufferEncoding, done: Done): void {
    this.socket.write(bytes, encoding, done);
  }

  override _writev(writes: readonly { chunk: Buffer; encoding: BufferEncoding }[], done: Done): void {
    this.socket.cork();
    for (const [n, { chunk, encoding }] of writes.entries()) {
      this.socket.write(chunk, encoding, n === writes.length - 1 ? done : undefined);
    }
    this.socket.uncork();
  }

  override _final(done: Done): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: Done): void {
    this.socket.destroy();
    done(error);
  }
}
