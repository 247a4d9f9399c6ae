import * as fs from 'node:fs';
import { Socket } from 'node:net';
import { basename } from 'node:path';
import type { ChunkSource } from '../../ports/chunk-source.js';
import { hasContent, openFile, type OpenFile } from './open-file.js';
import { PathSource, sourceFailure } from './path-source.js';
import { StreamSource, type LiveStream } from './stream-source.js';

export interface OpenPathOptions {
  /** @default the last part of the path */
  readonly fileName?: string | undefined;
  readonly type?: string | undefined;
  /** How much of a stream is kept until it is durable on the server, in bytes. */
  readonly bufferBytes: number;
}

/**
 * Opens what is at a path. If it has no size (a FIFO, a device, a file in `/proc`), it is read once, as a stream of unknown
 * length.
 */
export async function openPath(path: string, options: OpenPathOptions): Promise<ChunkSource> {
  return sourceFailure(async () => {
    const file = await openFile(path);
    try {
      return await sourceOf(path, file, options);
    } catch (error) {
      fs.closeSync(file.fd);
      throw error;
    }
  });
}

async function sourceOf(path: string, file: OpenFile, options: OpenPathOptions): Promise<ChunkSource> {
  const { fd, facts } = file;
  const { type, bufferBytes, fileName = basename(path) } = options;
  if (facts.isFile() && (facts.size > 0n || !(await hasContent(fd)))) return new PathSource(path, file, fileName, type);
  const stream = streamOf(path, file);
  return new StreamSource(stream, { fileName, type, size: undefined, lastModified: undefined, bufferBytes });
}

function streamOf(path: string, { fd, facts }: OpenFile): LiveStream {
  // A socket waits for the writer and for data without a thread of the pool.
  if (facts.isFIFO()) return new Socket({ fd, readable: true, writable: false });
  if (facts.isDirectory()) throw new Error(`${path} is a folder, not a file`);
  return fs.createReadStream(path, { fd, autoClose: true });
}
