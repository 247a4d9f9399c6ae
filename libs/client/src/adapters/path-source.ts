import { freeBytes, UploadError } from '@upload-streams/protocol';
import * as fs from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import type { ChunkSource, SourceChunk } from '../ports/chunk-source.js';

const open = promisify(fs.open);
const read = promisify(fs.read);

/**
 * A file on disk, read at the cursor. What may wait for the disk is done by the thread pool; asking an open file for its
 * facts, and closing one that was only read, takes microseconds, where a turn of the pool takes a tenth of a millisecond.
 * Its size is what it was when it was opened.
 */
export class PathSource implements ChunkSource {
  private cursor = 0;
  private reading: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly fd: number,
    readonly fileName: string,
    readonly size: number,
    readonly lastModified: number,
    readonly type: string | undefined,
  ) {}

  static async open(path: string, options: { fileName?: string; type?: string }): Promise<PathSource> {
    return sourceFailure(async () => {
      const fd = await open(path, 'r');
      const facts = fs.fstatSync(fd);
      if (!facts.isFile()) {
        fs.closeSync(fd);
        throw new Error(`${path} is not a file`);
      }
      return new PathSource(
        fd,
        options.fileName ?? basename(path),
        facts.size,
        Math.floor(facts.mtimeMs),
        options.type,
      );
    });
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

  interrupt(): void {}

  release(): void {}

  /** A read that nobody waits for any more must not meet the next file that gets this descriptor. */
  async close(): Promise<void> {
    await this.reading.catch(() => undefined);
    fs.closeSync(this.fd);
  }

  private async fill(bytes: Buffer): Promise<void> {
    for (let filled = 0; filled < bytes.length;) {
      const { bytesRead } = await read(this.fd, bytes, filled, bytes.length - filled, this.cursor + filled);
      if (bytesRead === 0) throw new Error(`the file ended at ${this.cursor + filled} of ${this.size} bytes`);
      filled += bytesRead;
    }
  }
}

async function sourceFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new UploadError('SOURCE_FAILED', undefined, { cause });
  }
}
