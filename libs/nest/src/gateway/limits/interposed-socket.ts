import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

type Done = (error?: Error | null) => void;

/**
 * A socket for `ws` in front of that of a client. What is read from the client goes to `onRead`, which decides what `ws`
 * gets, and when. Everything else is handed through, so nothing of the client's socket has to be replaced.
 */
export class InterposedSocket extends Duplex {
  private onRead: (bytes: Buffer) => void = (bytes) => this.pass(bytes);

  /** `head`: what was read from the client's socket already. */
  constructor(
    private readonly socket: Duplex,
    head: Buffer,
  ) {
    super();
    // Nothing is read before `ws` wants it.
    socket.pause();
    if (head.length > 0) socket.unshift(head);
    socket
      .on('data', (bytes: Buffer) => this.onRead(bytes))
      .on('end', () => this.push(null))
      .on('error', (error) => this.destroy(error))
      .on('close', () => this.destroy());
    if (socket.destroyed) this.destroy();
  }

  /** Engine.IO tells it to applications. */
  get remoteAddress(): string | undefined {
    return (this.socket as Socket).remoteAddress;
  }

  /** From now on, `onRead` gets what is read. */
  intercept(onRead: (bytes: Buffer) => void): void {
    this.onRead = onRead;
  }

  /** Gives bytes to `ws`, at once and even while it pauses: they would lose their place among messages that bypass `ws`. */
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
