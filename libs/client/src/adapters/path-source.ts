import { freeBytes, UploadError } from '@upload-streams/protocol';
import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ChunkSource, SourceChunk } from '../ports/chunk-source.js';

/** A file on disk, read at the cursor. Its size is what it was when it was opened. */
export class PathSource implements ChunkSource {
  private cursor = 0;

  private constructor(
    private readonly handle: FileHandle,
    readonly fileName: string,
    readonly size: number,
    readonly lastModified: number,
    readonly type: string | undefined,
  ) {}

  static async open(path: string, options: { fileName?: string; type?: string }): Promise<PathSource> {
    return sourceFailure(async () => {
      const handle = await open(path, 'r');
      const facts = await handle.stat();
      if (!facts.isFile()) {
        await handle.close();
        throw new Error(`${path} is not a file`);
      }
      return new PathSource(
        handle,
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
    await sourceFailure(() => this.fill(bytes));
    this.cursor += wanted;
    return { payload: bytes, bytes, last: this.cursor >= this.size, free: () => freeBytes(bytes) };
  }

  interrupt(): void {}

  release(): void {}

  close(): Promise<void> {
    return this.handle.close();
  }

  private async fill(bytes: Buffer): Promise<void> {
    for (let filled = 0; filled < bytes.length;) {
      const { bytesRead } = await this.handle.read(bytes, filled, bytes.length - filled, this.cursor + filled);
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
