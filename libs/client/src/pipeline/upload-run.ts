import {
  MAX_AHEAD_BYTES,
  MIN_CHUNK_BYTES,
  UploadError,
  type BegunUpload,
  type ChunkWritten,
  type CompletedUpload,
} from '@upload-streams/protocol';
import { BehaviorSubject, type Observable } from 'rxjs';
import { beginFlight, chunkAcked, chunkSent, windowOpened, type InFlight } from '../state/ack-ledger.js';
import type { ChunkSource } from '../ports/chunk-source.js';
import { PrefixChecksum, type Checksum } from './source/prefix-checksum.js';
import { newSessionID } from './session-id.js';
import type { UploadEvent } from '../state/upload-event.js';
import type { UploadOptions } from '../upload-options.js';

/** A chunk that has been read and booked, ready to be sent. */
export interface RunChunk {
  readonly payload: {
    readonly offset: number;
    readonly chunk: Uint8Array;
    readonly crc32: number;
    readonly last: boolean;
    readonly fileCrc32?: number;
  };
  readonly bytes: number;
  readonly last: boolean;
  readonly free: (() => void) | undefined;
}

/** One upload's source, checksums and book of acks, over all of its connections. The pipeline is its only user. */
export class UploadRun {
  sessionID: string;
  private checksums: PrefixChecksum;
  private attempt = 0;
  /** `unread` before the first begin; `unproven` where the file may be another one since it was last read. */
  private file: 'unread' | 'unproven' | 'proven' = 'unread';
  /** Whether no gateway can know the session yet, so that it will begin at zero. */
  private unknown: boolean;
  private reading: Promise<unknown> = Promise.resolve();
  private readonly flight = new BehaviorSubject<InFlight>(beginFlight(NOTHING_BEGUN));

  /** The book of the present connection. */
  readonly flight$: Observable<InFlight> = this.flight.asObservable();

  constructor(
    private readonly source: ChunkSource,
    private readonly options: UploadOptions,
    private readonly checksum: Checksum,
    sessionID: string,
  ) {
    this.sessionID = sessionID;
    this.unknown = options.sessionID === undefined;
    this.checksums = new PrefixChecksum(checksum);
  }

  /** How long it may fail without progress, in milliseconds. */
  get giveUpAfterMs(): number {
    return this.options.giveUpAfterMs ?? Infinity;
  }

  /** What `begin_upload` says of the file. */
  facts() {
    const { fileName, size, type, lastModified } = this.source;
    return { fileName, size, type, lastModified, metadata: this.options.metadata };
  }

  /** Whether the upload is certain to begin at zero. True at most once for a session ID: who asks begins. */
  takeUnknown(): boolean {
    const { unknown } = this;
    this.unknown = false;
    return unknown;
  }

  /** Whether the file has to be looked at before the upload begins or goes on: always but for the very first begin. */
  get needsProof(): boolean {
    return this.file === 'unproven';
  }

  /**
   * Looks whether the file is still the one that was read. One that may have changed counts from now on as it is now, and
   * nothing that was hashed of it before.
   */
  async prove(): Promise<UploadEvent> {
    await this.alone(async () => {
      if (!(await this.source.verify())) this.checksums = new PrefixChecksum(this.checksum);
      this.file = 'proven';
    });
    return this.opened();
  }

  /** What is known of the file now. */
  opened(): UploadEvent {
    const { fileName, size, type, lastModified } = this.source;
    return { type: 'opened', facts: { fileName, size, type, lastModified } };
  }

  /** A connection is begun on: until the next one, reads and their checks follow each other. */
  connected(): void {
    this.file = 'unproven';
  }

  /** From zero, under a new session ID. */
  restart(): void {
    this.sessionID = newSessionID();
    this.unknown = true;
    this.checksums = new PrefixChecksum(this.checksum);
  }

  /** How many bytes ride along in `begin_upload`: all of a file that has at most `maxBytes`; undefined for a larger one. */
  inlineBytes(maxBytes: number): number | undefined {
    const { size } = this.source;
    // Once it went in chunks, it goes on so: a stream may not be able to go back to its start.
    return size === undefined || size > maxBytes || this.attempt > 0 ? undefined : size;
  }

  /** The whole file, where it has at most `maxBytes`, as fields of `begin_upload`. */
  async inlineChunk(maxBytes: number): Promise<object> {
    return this.alone(async () => {
      await this.source.seek(0);
      const { bytes, last } = await this.source.next(maxBytes);
      // A stream gives its bytes as they come, not all at once: they go the ordinary way.
      if (!last) return {};
      const crc32 = this.checksums.extend(0, this.checksum(bytes), bytes.length);
      await this.proveAll(bytes.length, crc32);
      return { chunk: bytes, crc32, last: true, fileCrc32: crc32 };
    });
  }

  /** Whether the first `offset` bytes need not be read again. */
  knowsPrefix(offset: number): boolean {
    return this.checksums.has(offset);
  }

  /** What the server completed under this session ID before must be this file, not another one of its name and size. */
  async confirm({ size, crc32 }: CompletedUpload): Promise<void> {
    await this.alone(() => this.compare(size, crc32));
  }

  /** Goes on from the server's offset, if what the server has is the beginning of this file. */
  async resumeAt(begun: BegunUpload): Promise<void> {
    this.attempt++;
    await this.alone(async () => {
      await this.compare(begun.offset, begun.prefixCrc32);
      await this.source.seek(begun.offset);
      this.flight.next(beginFlight(begun));
    });
  }

  /** Sends from zero before the gateway has answered: at most `window` bytes, and no more than every gateway takes. */
  startAhead(window: number): Promise<void> {
    const ahead = { window: Math.min(window, MAX_AHEAD_BYTES), maxChunkSize: MIN_CHUNK_BYTES };
    return this.resumeAt({ ...NOTHING_BEGUN, ...ahead });
  }

  /** The gateway has answered: from here on its own window counts. */
  begunAhead(begun: BegunUpload): UploadEvent {
    if (begun.offset > 0) throw new UploadError('OFFSET_MISMATCH', { offset: begun.offset });
    this.flight.next(windowOpened(this.flight.value, begun));
    return { type: 'begun', offset: 0, at: performance.now() };
  }

  /** Reads the next chunk and books it. */
  async readChunk(maxBytes: number): Promise<RunChunk> {
    const attempt = this.attempt;
    return this.alone(async () => {
      const { bytes, last, free } = await this.source.next(maxBytes);
      if (attempt !== this.attempt) throw new UploadError('CONNECTION_LOST');
      const { sent: offset } = this.flight.value;
      const crc32 = this.checksum(bytes);
      const { length } = bytes;
      const fileCrc32 = this.checksums.extend(offset, crc32, length);
      if (last) await this.proveAll(offset + length, fileCrc32);
      if (attempt !== this.attempt) throw new UploadError('CONNECTION_LOST');
      this.flight.next(chunkSent(this.flight.value, length));
      const fields = { offset, chunk: bytes, crc32, last };
      return { payload: last ? { ...fields, fileCrc32 } : fields, bytes: length, last, free };
    });
  }

  /** The server has written a chunk. */
  acked(ack: ChunkWritten): UploadEvent {
    this.source.release(ack.durable);
    this.checksums.forgetBefore(ack.durable);
    this.flight.next(chunkAcked(this.flight.value, ack));
    return { type: 'acked', offset: ack.offset, at: performance.now() };
  }

  /**
   * All was read: it must be one file. One that was only touched is proven by its content, read once more; a file that
   * changes again meanwhile is given up.
   */
  private async proveAll(size: number, crc32: number): Promise<void> {
    if (await this.source.verify()) return;
    this.checksums = new PrefixChecksum(this.checksum);
    if (this.source.size !== size) throw new UploadError('SOURCE_CHANGED');
    await this.compare(size, crc32);
    if (!(await this.source.verify())) throw new UploadError('SOURCE_CHANGED');
  }

  private async compare(offset: number, crc32: number): Promise<void> {
    const { size } = this.source;
    if (size !== undefined && offset > size) throw new UploadError('SOURCE_CHANGED');
    if ((await this.checksums.compute(this.source, offset)) !== crc32) throw new UploadError('SOURCE_CHANGED');
  }

  /** A read that a lost connection or a pause left behind must end before the cursor is moved: one after the other. */
  private alone<T>(work: () => Promise<T>): Promise<T> {
    this.source.interrupt();
    const result = this.reading.then(work);
    this.reading = result.catch(() => undefined);
    return result;
  }
}

const NOTHING_BEGUN: BegunUpload = { offset: 0, durable: 0, window: 0, maxChunkSize: 0, prefixCrc32: 0, expiresAt: 0 };
