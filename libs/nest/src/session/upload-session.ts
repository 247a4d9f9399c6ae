import { crc32 } from '@node-rs/crc32';
import {
  crc32Combine,
  isUploadError,
  MAX_AHEAD_BYTES,
  MAX_MESSAGE_BYTES,
  UploadError,
  type ChunkWritten,
  type ErrorCode,
} from '@upload-streams/protocol';
import type { PartialFile, StoredDigest } from '../contracts/storage-backend.js';
import type { ResolvedUploadOptions } from '../upload-options.js';
import { DurableOffset } from './durable-offset.js';
import { SerialQueue } from '../concurrency/serial-queue.js';
import type { UploadConnection } from './upload-connection.js';
import type { Checkpoint, SessionRecord } from '../contracts/records.js';
import type { WindowBudget, WindowGrant } from './window-budget.js';

/** A chunk of the protocol, its form checked. */
export interface IncomingChunk {
  readonly offset: number;
  readonly chunk: Uint8Array;
  readonly crc32: number;
  readonly last: boolean;
  readonly fileCrc32?: number | undefined;
}

export type UploadSessionOptions = Pick<ResolvedUploadOptions, 'maxChunkBytes' | 'maxFileBytes' | 'durability'>;

/** After these, what was stored is of no use to anybody. */
const ENDS_SESSION: readonly ErrorCode[] = [
  'SIZE_MISMATCH',
  'FILE_TOO_LARGE',
  'FILE_CHECKSUM_MISMATCH',
  'UPLOAD_REFUSED',
  'FORBIDDEN',
];

export const endsSession = (error: unknown): error is UploadError => isUploadError(error, ...ENDS_SESSION);

/**
 * An original client waits for each ack, and so has one chunk out, of at most one message. One that does not wait may
 * not fill our memory.
 */
const MAX_WAITING_BYTES = 2 * MAX_MESSAGE_BYTES;

/**
 * A session that a connection holds: its bytes, its offset, its place in the budget. One ordered queue: whatever chunks
 * come at once, they are checked and written one after the other.
 */
export class UploadSession {
  /** Of who holds it now; what is noted under an older one is refused. */
  epoch: number;
  private readonly queue = new SerialQueue();
  private offset: number;
  private readonly durable: DurableOffset;
  private crc32: number;
  private grant: WindowGrant;
  /** The offset that the client may not pass. It never goes back, so that what was granted once stays granted. */
  private edge: number;
  /** Bytes of an original client that wait for their turn. */
  private waitingBytes = 0;
  private lastWritten = false;
  /** Why the session can't go on: the chunks behind say the same. */
  private failure: UploadError | undefined;
  private ended = false;

  constructor(
    readonly record: SessionRecord,
    private readonly file: PartialFile,
    start: Checkpoint,
    private readonly budget: WindowBudget,
    private readonly options: UploadSessionOptions,
    public peer: UploadConnection,
    note: (session: UploadSession, checkpoint: Checkpoint) => Promise<void>,
  ) {
    this.epoch = record.epoch;
    this.offset = start.offset;
    const noteOwn = (checkpoint: Checkpoint) => note(this, checkpoint);
    this.durable = new DurableOffset(file, options.durability, noteOwn, start.offset);
    this.crc32 = start.crc32;
    this.grant = this.budget.join(this.sharer);
    this.edge = this.edgeAfter(this.offset, 0);
  }

  /** Where the client is to go on. */
  begun() {
    return { ...this.written(), maxChunkSize: this.options.maxChunkBytes, prefixCrc32: this.crc32 };
  }

  /** Whether the session can't go on, and its bytes are of no use to anybody. */
  get hasFailed(): boolean {
    return endsSession(this.failure) || this.durable.spoilt;
  }

  get isEmpty(): boolean {
    return this.offset === 0;
  }

  /** Another connection, or the same one anew, holds the session from now on; what was in hand is written first. */
  async handOver(peer: UploadConnection, epoch: number): Promise<void> {
    const previous = this.peer;
    this.peer = peer;
    this.epoch = epoch;
    if (previous !== peer) previous.failed(this.record.sessionID, new UploadError('SESSION_TAKEN_OVER'));
    await this.queue.settled();
    this.lastWritten = false;
    this.joinAnew();
    this.edge = this.edgeAfter(this.offset, 0);
  }

  /**
   * Checks and writes a chunk of who holds the session. Throws before anything is written where it does not fit. Whoever
   * takes the session over waits for what is in the queue, so nothing of the old holder may enter it afterwards.
   */
  async receive(peer: UploadConnection, chunk: IncomingChunk): Promise<ChunkWritten> {
    this.requireHolder(peer);
    const { length } = chunk.chunk;
    if (length > this.options.maxChunkBytes) {
      throw new UploadError('CHUNK_TOO_LARGE', { maxChunkSize: this.options.maxChunkBytes });
    }
    this.checkWindow(chunk.offset + length);
    // Here, not in the queue: this thread computes while another one writes the chunk before.
    const received = crc32(chunk.chunk);
    return this.queue.run(() => this.write(chunk, received));
  }

  /** The next chunk of a client of the original workflow, which knows no offsets and no checksums. */
  async receiveNext(peer: UploadConnection, bytes: Uint8Array, last: boolean): Promise<ChunkWritten> {
    this.requireHolder(peer);
    if (this.waitingBytes + bytes.length > MAX_WAITING_BYTES) throw new UploadError('WINDOW_EXCEEDED');
    this.waitingBytes += bytes.length;
    return this.queue.run(() => {
      this.waitingBytes -= bytes.length;
      const own = crc32(bytes);
      const fileCrc32 = crc32Combine(this.crc32, own, bytes.length);
      return this.write({ offset: this.offset, chunk: bytes, crc32: own, last, fileCrc32 }, own);
    });
  }

  /**
   * All bytes are there: reads them back, and puts the file into its place if they are what was sent. The session ends
   * here, whether it succeeds or not.
   */
  complete(): Promise<StoredDigest> {
    return this.queue.run(async () => {
      this.end();
      try {
        await this.durable.settled();
        const stored = await this.file.digest(this.offset);
        if (stored.crc32 !== this.crc32 || stored.size !== this.offset) throw new UploadError('FILE_CHECKSUM_MISMATCH');
        await this.file.complete();
        return stored;
      } finally {
        await this.file.close();
      }
    });
  }

  /** Notes again what was noted last, so that the session does not expire. */
  touch(): Promise<void> {
    return this.durable.touched();
  }

  /** Leaves the bytes where they are, to be resumed. */
  close(): Promise<void> {
    return this.queue.run(async () => {
      if (this.ended) return;
      this.end();
      try {
        await this.durable.released(this.point);
      } finally {
        await this.file.close();
      }
    });
  }

  /** Drops the bytes. */
  abort(): Promise<void> {
    return this.queue.run(async () => {
      if (this.ended) return;
      this.end();
      await this.durable.settled().catch(() => undefined);
      await this.file.discard();
    });
  }

  /** What may be sent before the window is known is taken, however small the window: it is in memory already. */
  private checkWindow(end: number): void {
    if (end > Math.max(this.edge, this.offset, MAX_AHEAD_BYTES)) throw new UploadError('WINDOW_EXCEEDED');
  }

  private requireHolder(peer: UploadConnection): void {
    if (peer !== this.peer) throw new UploadError('SESSION_TAKEN_OVER');
  }

  /** Who shares windows with whom: those without an identity by their connection. */
  private get sharer(): unknown {
    return this.record.owner ?? this.peer;
  }

  private joinAnew(): void {
    if (this.grant.owner === this.sharer) return;
    this.grant.leave();
    this.grant = this.budget.join(this.sharer);
  }

  private edgeAfter(offset: number, writtenBytes: number): number {
    return Math.max(offset, Math.min(offset + this.grant.renew(writtenBytes), this.durable.limit));
  }

  private get point(): Checkpoint {
    return { offset: this.offset, crc32: this.crc32 };
  }

  private end(): void {
    this.ended = true;
    this.grant.leave();
  }

  /** The chunks behind one that ended the session fail for the same reason: it is what their client has to know. */
  private async write(chunk: IncomingChunk, received: number): Promise<ChunkWritten> {
    if (this.failure) throw this.failure;
    if (this.ended) throw new UploadError('SESSION_NOT_FOUND');
    try {
      return await this.checkAndWrite(chunk, received);
    } catch (error) {
      if (endsSession(error) || isUploadError(error, 'STORAGE_FULL')) this.failure = error;
      throw error;
    }
  }

  private async checkAndWrite(chunk: IncomingChunk, received: number): Promise<ChunkWritten> {
    if (this.lastWritten) throw new UploadError('UPLOAD_ALREADY_COMPLETE');
    // Appended bytes are the file's, and may be gone by the time that they are written.
    const { length } = chunk.chunk;
    const end = chunk.offset + length;
    if (end < this.offset || (end === this.offset && !chunk.last && length > 0)) return this.written();
    if (chunk.offset !== this.offset && end !== this.offset)
      throw new UploadError('OFFSET_MISMATCH', { offset: this.offset });
    if (received !== chunk.crc32) throw new UploadError('CHECKSUM_MISMATCH');
    const isNew = chunk.offset === this.offset;
    const fileCrc32 = isNew ? crc32Combine(this.crc32, chunk.crc32, length) : this.crc32;
    this.checkSize(end, chunk.last);
    if (chunk.last && fileCrc32 !== chunk.fileCrc32) throw new UploadError('FILE_CHECKSUM_MISMATCH');
    if (isNew && length > 0) await this.file.append(this.offset, chunk.chunk);
    const writtenBytes = end - this.offset;
    this.offset = end;
    this.crc32 = fileCrc32;
    this.lastWritten = chunk.last;
    // An empty chunk that is not the last one is a flush: its ack waits until all before is durable.
    await this.durable.written(this.point, isNew && length === 0 && !chunk.last);
    this.edge = Math.max(this.edge, this.edgeAfter(end, writtenBytes));
    return this.written();
  }

  private checkSize(end: number, last: boolean): void {
    const { size } = this.record;
    const { maxFileBytes } = this.options;
    if (size !== undefined && (last ? end !== size : end > size))
      throw new UploadError('SIZE_MISMATCH', { size, received: end });
    if (end > maxFileBytes) throw new UploadError('FILE_TOO_LARGE', { maxBytes: maxFileBytes });
  }

  private written(): ChunkWritten {
    return { offset: this.offset, durable: this.durable.value, window: this.edge - this.offset };
  }
}
