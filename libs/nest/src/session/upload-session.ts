import { crc32 } from '@node-rs/crc32';
import {
  crc32Combine,
  isUploadError,
  UploadError,
  type BegunUpload,
  type ChunkWritten,
  type ErrorCode,
} from '@upload-streams/protocol';
import { SerialQueue } from '../concurrency/serial-queue.js';
import type { Checkpoint, SessionRecord } from '../contracts/records.js';
import type { PartialFile, StoredDigest } from '../contracts/partial-file.js';
import { isBrokenFile } from '../storage/storage-errors.js';
import type { ResolvedUploadOptions } from '../upload-options.js';
import { begunAnswer } from './answers.js';
import { DurableOffset } from './flow/durable-offset.js';
import { classify, type IncomingChunk } from './flow/incoming-chunk.js';
import type { UploadConnection } from './upload-connection.js';
import { ReceiveWindow } from './flow/receive-window.js';
import type { WindowBudget } from './flow/window-budget.js';

export type UploadSessionOptions = Pick<
  ResolvedUploadOptions,
  'maxChunkBytes' | 'maxFileBytes' | 'durability' | 'sessionTtlMs' | 'fileUrl'
>;

/** Saves in the store that all before a point is durable. */
export type SaveCheckpoint = (session: UploadSession, checkpoint: Checkpoint) => Promise<void>;

/** After these errors, the bytes are of no use to anybody. */
const FATAL: readonly ErrorCode[] = [
  'SIZE_MISMATCH',
  'FILE_TOO_LARGE',
  'FILE_CHECKSUM_MISMATCH',
  'UPLOAD_REFUSED',
  'FORBIDDEN',
];

/** `failed` refuses every later chunk for the same reason; `ended` has given its file and its window back as well. */
type State = { readonly is: 'open' | 'completing' } | { readonly is: 'failed' | 'ended'; readonly reason: UploadError };

/**
 * A session that a connection holds: its bytes, its offset, and its share of the window budget. Its queue checks and writes
 * chunks one after the other, in the order in which they came.
 */
export class UploadSession {
  /** Raised by each begin; what is saved under an older epoch is refused. */
  epoch: number;
  private state: State = { is: 'open' };
  private readonly queue = new SerialQueue();
  private readonly durable: DurableOffset;
  private offset: number;
  private crc32: number;
  private readonly window: ReceiveWindow;

  constructor(
    readonly record: SessionRecord,
    private readonly file: PartialFile,
    start: Checkpoint,
    budget: WindowBudget,
    private readonly options: UploadSessionOptions,
    public connection: UploadConnection,
    save: SaveCheckpoint,
  ) {
    this.epoch = record.epoch;
    this.offset = start.offset;
    this.crc32 = start.crc32;
    this.durable = new DurableOffset(file, options.durability, (point) => save(this, point), start.offset);
    this.window = new ReceiveWindow(budget, this.sharer, this.offset, () => this.durable.limit);
  }

  get isEmpty(): boolean {
    return this.offset === 0;
  }

  /** The answer to whoever begins it: where to go on. */
  answerBegin(): BegunUpload {
    return begunAnswer({ ...this.answerChunk(), prefixCrc32: this.crc32 }, this.options);
  }

  /** Another connection, or the same one anew, holds the session from now on. What was queued is written first. */
  async takeOver(connection: UploadConnection, epoch: number): Promise<void> {
    const previous = this.connection;
    this.connection = connection;
    this.epoch = epoch;
    if (previous !== connection) previous.failed(this.record.sessionID, new UploadError('SESSION_TAKEN_OVER'));
    await this.queue.settled();
    if (this.state.is === 'completing') this.state = { is: 'open' };
    this.window.restart(this.sharer, this.offset);
  }

  /**
   * Checks and writes a chunk of the connection that holds the session. Throws before anything is written where the chunk
   * does not fit. A takeover waits for what is in the queue, so a former holder may add nothing to it.
   */
  async receive(connection: UploadConnection, chunk: IncomingChunk): Promise<ChunkWritten> {
    if (connection !== this.connection) throw new UploadError('SESSION_TAKEN_OVER');
    const { maxChunkBytes } = this.options;
    const { length } = chunk.chunk;
    if (length > maxChunkBytes) throw new UploadError('CHUNK_TOO_LARGE', { maxChunkSize: maxChunkBytes });
    this.window.check(chunk.offset + length, this.offset);
    // Not in the queue: this thread computes it while another one writes the chunk before.
    const received = crc32(chunk.chunk);
    return this.queue.run(() => this.write(chunk, received));
  }

  /**
   * All bytes are there: reads them back, and puts the file into its place if they are what was sent. The session ends
   * here, whether this succeeds or not.
   */
  complete(): Promise<StoredDigest> {
    return this.queue.run(async () => {
      this.end();
      try {
        await this.durable.waitForSync();
        const stored = await this.file.digest(this.offset);
        if (stored.crc32 !== this.crc32 || stored.size !== this.offset) throw new UploadError('FILE_CHECKSUM_MISMATCH');
        await this.file.complete();
        return stored;
      } finally {
        await this.file.close();
      }
    });
  }

  /** Saves the last checkpoint again, so that the session does not expire. */
  refresh(): Promise<void> {
    return this.durable.refresh();
  }

  /** Saves what was received, to be resumed. Does nothing where the session has ended. */
  close(): Promise<void> {
    return this.queue.run(async () => {
      if (this.state.is === 'ended') return;
      this.end();
      try {
        await this.durable.close(this.point);
      } finally {
        await this.file.close();
      }
    });
  }

  /** Discards the bytes. Does nothing where the session has ended. */
  discard(): Promise<void> {
    return this.queue.run(async () => {
      if (this.state.is === 'ended') return;
      this.end();
      await this.durable.waitForSync().catch(() => undefined);
      await this.file.discard();
    });
  }

  /** What an error means for the session: it goes on, is closed to be opened anew, or its bytes are of no use any more. */
  fateAfter(error: unknown): 'unchanged' | 'closed' | 'discarded' {
    if (isUploadError(error, 'STORAGE_FULL')) return 'closed';
    const reason = 'reason' in this.state ? this.state.reason : undefined;
    if (isFatal(error) || isFatal(reason) || this.durable.isCorrupt) return 'discarded';
    return isBrokenFile(error) ? 'closed' : 'unchanged';
  }

  /** Chunks behind one that failed the session fail for the same reason, which is what their client has to know. */
  private async write(chunk: IncomingChunk, received: number): Promise<ChunkWritten> {
    if ('reason' in this.state) throw this.state.reason;
    if (this.state.is === 'completing') throw new UploadError('UPLOAD_ALREADY_COMPLETE');
    try {
      return await this.takeIn(chunk, received);
    } catch (error) {
      if (isFatal(error) || isUploadError(error, 'STORAGE_FULL')) this.state = { is: 'failed', reason: error };
      throw error;
    }
  }

  private async takeIn(chunk: IncomingChunk, received: number): Promise<ChunkWritten> {
    switch (classify(chunk, this.offset)) {
      case 'duplicate':
        return this.answerChunk();
      case 'gap':
        throw new UploadError('OFFSET_MISMATCH', { offset: this.offset });
      case 'next':
        if (received !== chunk.crc32) throw new UploadError('CHECKSUM_MISMATCH');
        return this.append(chunk);
    }
  }

  /** Of a last chunk whose bytes are there already, only the end of the file is new. */
  private async append({ offset, chunk, crc32: chunkCrc32, last, fileCrc32 }: IncomingChunk): Promise<ChunkWritten> {
    // Appended bytes belong to the file, and may be gone afterwards.
    const newBytes = offset === this.offset ? chunk.length : 0;
    const end = this.offset + newBytes;
    const crc = newBytes > 0 ? crc32Combine(this.crc32, chunkCrc32, newBytes) : this.crc32;
    this.checkSize(end, last);
    if (last && crc !== fileCrc32) throw new UploadError('FILE_CHECKSUM_MISMATCH');
    // An empty chunk that is not the last one is a flush: its ack waits until all before it is durable.
    const isFlush = chunk.length === 0 && !last;
    if (newBytes > 0) await this.file.append(this.offset, chunk);
    this.offset = end;
    this.crc32 = crc;
    if (last) this.state = { is: 'completing' };
    await this.durable.recordWrite(this.point, isFlush);
    this.window.advance(end, newBytes);
    return this.answerChunk();
  }

  private checkSize(end: number, last: boolean): void {
    const { size } = this.record;
    const { maxFileBytes } = this.options;
    if (size !== undefined && (last ? end !== size : end > size))
      throw new UploadError('SIZE_MISMATCH', { size, received: end });
    if (end > maxFileBytes) throw new UploadError('FILE_TOO_LARGE', { maxBytes: maxFileBytes });
  }

  /** Who shares windows with whom: clients without an identity by their connection. */
  private get sharer(): unknown {
    return this.record.owner ?? this.connection;
  }

  private get point(): Checkpoint {
    return { offset: this.offset, crc32: this.crc32 };
  }

  private answerChunk(): ChunkWritten {
    return { offset: this.offset, durable: this.durable.value, window: this.window.beyond(this.offset) };
  }

  private end(): void {
    const reason = 'reason' in this.state ? this.state.reason : new UploadError('SESSION_NOT_FOUND');
    this.state = { is: 'ended', reason };
    this.window.close();
  }
}

const isFatal = (error: unknown): error is UploadError => isUploadError(error, ...FATAL);
