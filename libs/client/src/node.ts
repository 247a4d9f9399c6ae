import { crc32 } from '@node-rs/crc32';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { of } from 'rxjs';
import { BytesSource } from './adapters/sources/bytes-source.js';
import { openPath } from './adapters/sources/open-path.js';
import { PromptWebSocket } from './adapters/transport/prompt-web-socket.js';
import { StreamSource } from './adapters/sources/stream-source.js';
import { createUploadClient } from './create-upload-client.js';
import type { ChunkSource } from './ports/chunk-source.js';
import type { UploadClient } from './upload-client.js';
import type { UploadClientOptions } from './options/client-options.js';
import type { ResolvedUploadOptions } from './options/upload-options.js';

export { isFinal, UploadClient, UploadControls } from './index.js';
export type { UploadClientOptions, UploadFacts, UploadOptions, UploadState, UploadStatus } from './index.js';

/** What can be uploaded in Node: a path, bytes in memory, a Node stream or a web stream. */
export type NodeSource = string | Uint8Array | Readable | ReadableStream<Uint8Array>;

/** A client for Node. */
export type NodeUploadClient = UploadClient<NodeSource>;

/** Throws a RangeError if an option can't be used. */
export function createNodeUploadClient(options: UploadClientOptions & { url: string }): NodeUploadClient {
  if (options.url === undefined) throw new RangeError('UploadClient: url must be set');
  return createUploadClient({ openSource, checksum: crc32, online$: of(true) }, options, [PromptWebSocket]);
}

async function openSource(source: NodeSource, options: ResolvedUploadOptions): Promise<ChunkSource> {
  const { type, size, streamBufferBytes: bufferBytes } = options;
  if (typeof source === 'string') return openPath(source, { fileName: options.fileName, type, bufferBytes });
  const fileName = options.fileName ?? 'upload';
  if (source instanceof Uint8Array) return new BytesSource(source, { fileName, type, lastModified: undefined });
  const stream = source instanceof Readable ? source : Readable.fromWeb(source);
  return new StreamSource(stream, { fileName, type, size, lastModified: undefined, bufferBytes });
}
