import { freeBytes, UploadError } from '@upload-streams/protocol';
import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { ChunkSource, SourceChunk } from '../../ports/chunk-source.js';
import { openFile, statPath, type OpenFile } from './open-file.js';

const read = promisify(fs.read);

/**
 * A file on disk, read at the cursor. What may wait for the disk is done by the thread pool; asking an open file for its
 * facts, and closing one that was only read, takes microseconds, where a turn of the pool takes a tenth of a millisecond.
 * Its size is what it was when it was opened, or opened again by `verify`.
 */
export class PathSource implements ChunkSource {
  private cursor = 0;
  private reading: Promise<unknown> = Promise.resolve();
  private closed = false;

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
    const bytes = Buffer.allocUnsafe(wanted);
    this.reading = sourceFailure(() => this.fill(bytes));
    await this.reading;
    this.cursor += wanted;
    return { bytes, last: this.cursor >= this.size, free: () => freeBytes(bytes) };
  }

  /**
   * The open file and the one at the path must be the one file that was opened, unchanged. A path that is gone proves
   * nothing against the file that is still open.
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

  /** A read that nobody waits for any more must not meet the next file that gets this descriptor. */
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
