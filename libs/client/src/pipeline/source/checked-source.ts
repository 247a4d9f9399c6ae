import { UploadError } from '@upload-streams/protocol';
import type { Checksum } from '../../ports/checksum.js';
import type { ChunkSource, SourceFacts } from '../../ports/chunk-source.js';
import { PrefixChecksums } from './prefix-checksums.js';

/** A chunk that was read and hashed, ready to be sent. */
export interface CheckedChunk {
  readonly payload: {
    readonly offset: number;
    readonly chunk: Uint8Array;
    readonly crc32: number;
    readonly last: boolean;
    readonly fileCrc32?: number;
  };
  readonly bytes: number;
  readonly last: boolean;
  /** Gives the memory of the chunk back. */
  readonly free: (() => void) | undefined;
}

/** A whole file as fields of `begin_upload`; none if it has to be sent in chunks. */
export type WholeFile = Partial<CheckedChunk['payload']>;

/**
 * The source of an upload with its checksums, over all connections of the upload. It makes sure that everything that is
 * sent is of one and the same file. Its methods run one at a time: what a lost connection or a pause has left behind ends
 * before the next one moves the cursor.
 */
export class CheckedSource {
  private checksums: PrefixChecksums;
  /** Where the next chunk starts. */
  private offset = 0;
  private reading: Promise<unknown> = Promise.resolve();
  /** Counts the calls. A call is abandoned when a later one has come. */
  private calls = 0;

  constructor(
    private readonly source: ChunkSource,
    private readonly checksum: Checksum,
  ) {
    this.checksums = new PrefixChecksums(checksum);
  }

  /** What is known of the file now. */
  get facts(): SourceFacts {
    const { fileName, size, type, lastModified } = this.source;
    return { fileName, size, type, lastModified };
  }

  /** Whether the checksum of the first `offset` bytes is known without reading them again. */
  knows(offset: number): boolean {
    return this.checksums.has(offset);
  }

  /**
   * Checks whether the file is still the one that was read. If it may have changed, it counts as it is now from then on, and
   * nothing that was hashed before.
   */
  async verify(): Promise<void> {
    await this.inOrder(async () => {
      if (!(await this.source.verify())) this.forgetChecksums();
    });
  }

  /** The file is sent from zero, as it is now. */
  restart(): void {
    this.forgetChecksums();
  }

  /** Reads a file of at most `maxBytes` as a whole. */
  async readWhole(maxBytes: number): Promise<WholeFile> {
    return this.inOrder(async () => {
      await this.source.seek(0);
      const { bytes, last } = await this.source.next(maxBytes);
      // A stream delivers its bytes as they come, not all at once. They are sent in chunks.
      if (!last) return {};
      const crc32 = this.checksums.extend(0, this.checksum(bytes), bytes.length);
      await this.proveAll(bytes.length, crc32);
      return { chunk: bytes, crc32, last: true, fileCrc32: crc32 };
    });
  }

  /** Throws SOURCE_CHANGED unless the first `bytes` of the file have this CRC-32. */
  async compare(bytes: number, crc32: number): Promise<void> {
    await this.inOrder(() => this.comparePrefix(bytes, crc32));
  }

  /** The next chunk starts at `offset`. Throws SOURCE_CHANGED unless the bytes before it have this CRC-32. */
  async startAt(offset: number, crc32: number): Promise<void> {
    await this.inOrder(async () => {
      await this.comparePrefix(offset, crc32);
      await this.source.seek(offset);
      this.offset = offset;
    });
  }

  /** Reads and hashes the next chunk, of at most `maxBytes`. */
  async read(maxBytes: number): Promise<CheckedChunk> {
    const call = this.calls + 1;
    return this.inOrder(async () => {
      const { bytes, last, free } = await this.source.next(maxBytes);
      this.throwIfAbandoned(call);
      const { offset } = this;
      const crc32 = this.checksum(bytes);
      const { length } = bytes;
      const fileCrc32 = this.checksums.extend(offset, crc32, length);
      if (last) await this.proveAll(offset + length, fileCrc32);
      this.throwIfAbandoned(call);
      this.offset = offset + length;
      const fields = { offset, chunk: bytes, crc32, last };
      return { payload: last ? { ...fields, fileCrc32 } : fields, bytes: length, last, free };
    });
  }

  /** All bytes before `offset` are durable on the server. */
  release(offset: number): void {
    this.source.release(offset);
    this.checksums.forgetBefore(offset);
  }

  /**
   * Everything was read: it must be of one file. If the file was only touched, its content proves that, read once more. If
   * it changes again meanwhile, the attempt fails.
   */
  private async proveAll(size: number, crc32: number): Promise<void> {
    if (await this.source.verify()) return;
    this.forgetChecksums();
    if (this.source.size !== size) throw new UploadError('SOURCE_CHANGED');
    await this.comparePrefix(size, crc32);
    if (!(await this.source.verify())) throw new UploadError('SOURCE_CHANGED');
  }

  private async comparePrefix(bytes: number, crc32: number): Promise<void> {
    const { size } = this.source;
    if (size !== undefined && bytes > size) throw new UploadError('SOURCE_CHANGED');
    if ((await this.checksums.compute(this.source, bytes)) !== crc32) throw new UploadError('SOURCE_CHANGED');
  }

  private forgetChecksums(): void {
    this.checksums = new PrefixChecksums(this.checksum);
  }

  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    this.calls++;
    this.source.interrupt();
    const result = this.reading.then(work);
    this.reading = result.catch(() => undefined);
    return result;
  }

  private throwIfAbandoned(call: number): void {
    if (call !== this.calls) throw new UploadError('CONNECTION_LOST');
  }
}
