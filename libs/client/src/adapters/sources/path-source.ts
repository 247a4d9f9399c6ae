import { UploadError } from '@upload-streams/protocol';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { ChunkSource, SourceChunk } from '../../ports/chunk-source.js';
import { openFile, statPath, type OpenFile } from './open-file.js';
import { SpareBuffers } from './spare-buffers.js';

const read = promisify(fs.read);

/**
 * A file on disk. Whatever may wait for the disk runs in the thread pool. `fstat` and `close` of a file that was only read take
 * microseconds and run here, because a turn of the pool takes a tenth of a millisecond. The size is that of the time when
 * the file was opened, or opened again by `verify`.
 */
export class PathSource implements ChunkSource {
  private cursor = 0;
  private reading: Promise<unknown> = Promise.resolve();
  private closed = false;
  private readonly buffers = new SpareBuffers();

  constructor(
    private readonly path: string,
    private file: OpenFile,
    readonly fileName: string,
    readonly type: string | undefined,
  ) {}

  get size(): number {
    return Number(this.file.facts.size);
  }

  get lastModified(): number {
    return Number(this.file.facts.mtimeNs / 1_000_000n);
  }

  async seek(offset: number): Promise<void> {
    this.cursor = offset;
  }

  async next(maxBytes: number): Promise<SourceChunk> {
    const wanted = Math.min(maxBytes, this.size - this.cursor);
    const buffer = this.buffers.take(wanted);
    const bytes = Buffer.from(buffer, 0, wanted);
    this.reading = sourceFailure(() => this.fill(bytes));
    await this.reading;
    this.cursor += wanted;
    return { bytes, last: this.cursor >= this.size, free: () => this.buffers.give(buffer) };
  }

  /**
   * Both the open file and the file at the path must be the file that was opened, unchanged. If there is no file at the path
   * any longer, only the open one counts.
   */
  async verify(): Promise<boolean> {
    return sourceFailure(async () => {
      const atPath = await statPath(this.path);
      const { fd, facts } = this.file;
      const open = fs.fstatSync(fd, { bigint: true });
      if (isSame(open, facts) && (atPath === undefined || isSame(atPath, facts))) return true;
      if (atPath === undefined) this.file = { fd, facts: open };
      else await this.reopen();
      return false;
    });
  }

  interrupt(): void {}

  release(): void {}

  /** Waits for a read that is under way: the next file that is opened may get the same descriptor. */
  async close(): Promise<void> {
    this.closed = true;
    await this.reading.catch(() => undefined);
    fs.closeSync(this.file.fd);
  }

  private async reopen(): Promise<void> {
    const fresh = await openFile(this.path);
    if (!fresh.facts.isFile() || this.closed) {
      fs.closeSync(fresh.fd);
      throw new UploadError('SOURCE_CHANGED', { rereadable: false });
    }
    fs.closeSync(this.file.fd);
    this.file = fresh;
  }

  private async fill(bytes: Buffer): Promise<void> {
    for (let filled = 0; filled < bytes.length;) {
      const { bytesRead } = await read(this.file.fd, bytes, filled, bytes.length - filled, this.cursor + filled);
      if (bytesRead === 0) {
        const cause = new Error(`the file ended at ${this.cursor + filled} of ${this.size} bytes`);
        throw new UploadError('SOURCE_CHANGED', undefined, { cause });
      }
      filled += bytesRead;
    }
  }
}

function isSame(one: fs.BigIntStats, other: fs.BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev && one.size === other.size && one.mtimeNs === other.mtimeNs;
}

export async function sourceFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof UploadError ? cause : new UploadError('SOURCE_FAILED', undefined, { cause });
  }
}
