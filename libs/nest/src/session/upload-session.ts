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

/** Records in the store that all bytes before the checkpoint are durable. */
export type SaveCheckpoint = (session: UploadSession, checkpoint: Checkpoint) => Promise<void>;

/** After these errors the bytes are useless and are discarded. */
const FATAL: readonly ErrorCode[] = [
  'SIZE_MISMATCH',
  'FILE_TOO_LARGE',
  'FILE_CHECKSUM_MISMATCH',
  'UPLOAD_REFUSED',
  'FORBIDDEN',
];

/** `failed` refuses every later chunk for the same reason; `ended` has also closed its file and released its window. */
type State = { readonly is: 'open' | 'completing' } | { readonly is: 'failed' | 'ended'; readonly reason: UploadError };

/**
 * A session that a connection holds: its bytes, its offset, and its share of the window budget. Its queue checks and
 * writes chunks one at a time, in order of arrival. This object ends with `complete`, `close` or `discard`; the record
 * of the session in the store may remain.
 */
export class UploadSession {
  /** Raised by each begin. The store refuses changes under an older epoch. */
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

  /** The answer to `begin_upload`: where to continue. */
  answerBegin(): BegunUpload {
    return begunAnswer({ ...this.answerChunk(), prefixCrc32: this.crc32 }, this.options);
  }

  /** Gives the session to another connection, or to the same one again. Queued chunks are written first. */
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
   * Checks a chunk of the connection that holds the session, and queues it. If the chunk is too large or exceeds the
   * window, throws before it is queued. A takeover waits for the queue, so a former holder must not add to the queue.
   */
  async receive(connection: UploadConnection, chunk: IncomingChunk): Promise<ChunkWritten> {
    if (connection !== this.connection) throw new UploadError('SESSION_TAKEN_OVER');
    const { maxChunkBytes } = this.options;
    const { length } = chunk.chunk;
    if (length > maxChunkBytes) throw new UploadError('CHUNK_TOO_LARGE', { maxChunkSize: maxChunkBytes });
    this.window.check(chunk.offset + length);
    // Outside the queue: this thread computes the checksum while the thread pool writes the previous chunk.
    const received = crc32(chunk.chunk);
    return this.queue.run(() => this.write(chunk, received));
  }

  /**
   * Reads the stored bytes back and, if they match the bytes that were sent, moves the file to its final place. This
   * object ends in either case.
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

  /** Saves the received bytes so that the upload can be resumed. Does nothing if the session has ended. */
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

  /** Discards the bytes. Does nothing if the session has ended. */
  discard(): Promise<void> {
    return this.queue.run(async () => {
      if (this.state.is === 'ended') return;
      this.end();
      await this.durable.waitForSync().catch(() => undefined);
      await this.file.discard();
    });
  }

  /**
   * What an error means for the session: it continues, is closed and can be reopened, or its bytes are discarded. An
   * error whose outcome is unknown, such as a store that does not answer, leaves it `unchanged`: no bytes are discarded
   * for it.
   */
  fateAfter(error: unknown): 'unchanged' | 'closed' | 'discarded' {
    if (isUploadError(error, 'STORAGE_FULL')) return 'closed';
    const reason = 'reason' in this.state ? this.state.reason : undefined;
    if (isFatal(error) || isFatal(reason) || this.durable.isCorrupt) return 'discarded';
    return isBrokenFile(error) ? 'closed' : 'unchanged';
  }

  /** Chunks queued behind a failed one fail with the same error, so that the client learns the cause. */
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

  /** If the bytes of the last chunk are already stored, only the end of the file is new. */
  private async append({ offset, chunk, crc32: chunkCrc32, last, fileCrc32 }: IncomingChunk): Promise<ChunkWritten> {
    // Read the length now: `append` takes ownership of the bytes and may free them.
    const newBytes = offset === this.offset ? chunk.length : 0;
    const end = this.offset + newBytes;
    const crc = newBytes > 0 ? crc32Combine(this.crc32, chunkCrc32, newBytes) : this.crc32;
    this.checkSize(end, last);
    if (last && crc !== fileCrc32) throw new UploadError('FILE_CHECKSUM_MISMATCH');
    // An empty chunk that is not the last one is a flush: its ack waits until all bytes before it are durable.
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

  /** Uploads share the budget by owner, or by connection if they have none. */
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
