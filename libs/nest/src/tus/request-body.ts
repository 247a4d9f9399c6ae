import type { IncomingMessage } from 'node:http';
import { TusProblem } from './tus-problem.js';

/** How long a body that nobody wants is read, so that its client gets to the answer. */
const DISCARD_MS = 5000;

/** The body of a request, read only when somebody wants it. Its client waits meanwhile (back-pressure of TCP). */
export class RequestBody {
  private rest: Uint8Array | undefined;
  /** Rejected reads after what had arrived was returned. */
  private problem: Error | undefined;

  /** `signal` ends the reading, with its reason. `idleMs`: how long a client may send nothing. */
  constructor(
    private readonly request: IncomingMessage,
    private readonly signal: AbortSignal,
    private readonly idleMs: number,
  ) {
    // Without a listener, an error of the request would end the process. `next` notices it.
    request.on('error', () => undefined);
    if (request.readableDidRead) throw new Error('Another body parser has read the body of a tus request');
  }

  /**
   * Returns the next bytes, `most` if that many come, in memory of their own; undefined at the end. If the body breaks
   * off, returns what has arrived, and throws at the next call.
   */
  async read(most: number): Promise<Uint8Array | undefined> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    while (length < most && this.problem === undefined) {
      const piece = await this.next().catch((error: Error) => void (this.problem = error));
      if (!piece) break;
      const taken = piece.subarray(0, most - length);
      if (taken.length < piece.length) this.rest = piece.subarray(taken.length);
      pieces.push(taken);
      length += taken.length;
    }
    this.signal.throwIfAborted();
    if (length === 0 && this.problem) throw this.problem;
    return length === 0 ? undefined : joined(pieces, length);
  }

  private async next(): Promise<Uint8Array | undefined> {
    const { rest } = this;
    this.rest = undefined;
    if (rest) return rest;
    for (;;) {
      this.signal.throwIfAborted();
      const piece = this.request.read() as Buffer | null;
      if (piece) return piece;
      if (this.request.readableEnded) return undefined;
      if (this.request.destroyed) throw new TusProblem('INTERRUPTED');
      await this.wait();
    }
  }

  /** Resolves when something may have changed. */
  private wait(): Promise<void> {
    const { request, signal } = this;
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer);
        for (const event of EVENTS) request.off(event, done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(() => (reject(new TusProblem('IDLE')), done()), this.idleMs);
      for (const event of EVENTS) request.on(event, done);
      signal.addEventListener('abort', done);
    });
  }
}

const EVENTS = ['readable', 'end', 'error', 'close'];

/** A copy, because those who get the bytes may free their memory, and Node shares it between requests. */
function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(length);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/** Reads the rest of a body that was refused. A client that goes on sending for long loses its connection. */
export function discardRest(request: IncomingMessage): void {
  if (request.readableEnded || request.destroyed) return;
  const timer = setTimeout(() => request.socket.destroy(), DISCARD_MS).unref();
  const done = () => clearTimeout(timer);
  request
    .once('end', done)
    .once('close', done)
    .on('error', () => undefined)
    .resume();
}
