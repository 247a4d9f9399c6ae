import { crc32 } from '@node-rs/crc32';
import { crc32Combine, MIN_CHUNK_BYTES, UploadError, type BegunUpload } from '@upload-streams/protocol';
import { setImmediate } from 'node:timers/promises';
import type { SessionService } from '../session/session.service.js';
import type { RequestBody } from './request-body.js';
import type { TusConnection } from './tus-connection.js';
import { TusProblem } from './tus-problem.js';
import type { UploadChecksum } from './upload-checksum.js';

const NOTHING = new Uint8Array(0);

/** Hands the body of one request to the session: adds offsets and checksums, and never passes the window. */
export class TusTransfer {
  private position: number;
  private crc32: number;
  private window: number;

  constructor(
    private readonly sessions: SessionService,
    private readonly connection: TusConnection,
    private readonly sessionID: string,
    private readonly begun: BegunUpload,
    /** Bytes of the file, if they are known. */
    private readonly length: number | undefined,
  ) {
    this.position = begun.offset;
    this.crc32 = begun.prefixCrc32;
    this.window = begun.window;
  }

  get offset(): number {
    return this.position;
  }

  /** Writes each piece while the next one arrives. Ends when everything that arrived is written. */
  async stream(body: RequestBody): Promise<void> {
    let writing: Promise<void> = Promise.resolve();
    try {
      for (;;) {
        const piece = await body.read(this.pieceBytes);
        await writing;
        if (!piece) return;
        this.requireWithin(piece.length);
        writing = this.hand(piece);
        // A client that has stopped sending must learn of it, too.
        writing.catch((error: unknown) => this.connection.abort(error));
      }
    } finally {
      await writing;
    }
  }

  /** Writes nothing before the whole body has matched its checksum. */
  async verified(body: RequestBody, checksum: UploadChecksum, largest: number): Promise<void> {
    const pieces: Uint8Array[] = [];
    let held = 0;
    for (;;) {
      const piece = await body.read(this.pieceBytes);
      if (!piece) break;
      held += piece.length;
      if (held > largest) throw new TusProblem('CHECKSUMMED_TOO_LARGE');
      this.requireWithin(held);
      checksum.update(piece);
      pieces.push(piece);
    }
    checksum.verify();
    for (const piece of pieces) await this.hand(piece);
  }

  /** Ends the file if all of it is there, and waits for its completion. Returns whether it is complete. */
  async finishIfWhole(): Promise<boolean> {
    if (this.position !== this.length) return false;
    await this.send(NOTHING, true);
    // The status waits for the completion. The connection has been told its result by then.
    await this.sessions.status(this.connection.owner, this.sessionID).catch(() => undefined);
    await setImmediate();
    this.connection.signal.throwIfAborted();
    // The session was given up before its completion: the gateway is stopping. The next request completes it.
    if (!this.connection.completedFile) throw new UploadError('UNAVAILABLE');
    return true;
  }

  private get pieceBytes(): number {
    return Math.min(this.begun.maxChunkSize, Math.max(this.window, MIN_CHUNK_BYTES));
  }

  private requireWithin(bytes: number): void {
    if (this.length !== undefined && this.position + bytes > this.length) throw new TusProblem('BEYOND_LENGTH');
  }

  /** Splits a piece that is larger than the window. An empty chunk is a flush, which opens the window again. */
  private async hand(piece: Uint8Array): Promise<void> {
    let rest = piece;
    while (rest.length > 0) {
      const next = rest.subarray(0, Math.min(this.window, this.begun.maxChunkSize));
      // Computed now: the memory of the piece may be freed after the call.
      rest = rest.subarray(next.length);
      await this.send(next, false);
    }
  }

  private async send(chunk: Uint8Array, last: boolean): Promise<void> {
    const crc = crc32(chunk);
    const fileCrc32 = chunk.length > 0 ? crc32Combine(this.crc32, crc, chunk.length) : this.crc32;
    const next = { offset: this.position, chunk, crc32: crc, last, fileCrc32 };
    const written = await this.sessions.receive(this.connection, this.sessionID, next);
    this.position = written.offset;
    this.window = written.window;
    this.crc32 = fileCrc32;
  }
}
