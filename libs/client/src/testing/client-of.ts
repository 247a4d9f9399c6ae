import { expect } from '@jest/globals';
import { crc32, UploadError } from '@upload-streams/protocol';
import type { Readable } from 'node:stream';
import { filter, firstValueFrom, lastValueFrom, of, tap, type Observable } from 'rxjs';
import { BytesSource } from '../adapters/sources/bytes-source.js';
import { StreamSource } from '../adapters/sources/stream-source.js';
import type { ChunkSource, SourceChunk } from '../ports/chunk-source.js';
import type { Checksum } from '../ports/checksum.js';
import type { FakeGateway } from './fake-gateway.js';
import { type Fault } from './fake-gateway.js';
import { UploadClient } from '../upload-client.js';
import { resolveClientOptions, type UploadClientOptions } from '../options/client-options.js';
import type { UploadState, UploadStatus } from '../state/upload-state.js';

export const KIB = 1024;
export const FACTS = { fileName: 'a.bin', type: undefined, lastModified: undefined };
export const SESSION = 'session_of_22_letters_';

export const contentOf = (size: number) =>
  Buffer.from(Uint8Array.from({ length: size }, (_, index) => (index * 7) ^ (index >> 9)));

/** Retries at once, so that no test waits. */
export function clientOf(gateway: FakeGateway, options: UploadClientOptions = {}, checksum: Checksum = crc32) {
  const platform = {
    transport: gateway,
    online$: of(true),
    checksum,
    openSource: (source: Uint8Array | ChunkSource) =>
      source instanceof Uint8Array ? new BytesSource(source, FACTS) : source,
  };
  return new UploadClient(platform, resolveClientOptions({ minRetryDelayMs: 0, maxRetryDelayMs: 0, ...options }));
}

/** A file on a disk: every read returns a copy. */
export class StoredSource extends BytesSource {
  override async next(maxBytes: number): Promise<SourceChunk> {
    const chunk = await super.next(maxBytes);
    const bytes = Uint8Array.from(chunk.bytes);
    return { ...chunk, bytes };
  }
}

/** The statuses of an upload in order, without repetitions. */
export async function statusesOf(upload$: Observable<UploadState>): Promise<UploadStatus[]> {
  const statuses: UploadStatus[] = [];
  await lastValueFrom(
    upload$.pipe(
      tap(({ status }) => {
        if (statuses.at(-1) !== status) statuses.push(status);
      }),
    ),
  );
  return statuses;
}

export const reaches = (upload$: Observable<UploadState>, status: UploadStatus) =>
  firstValueFrom(upload$.pipe(filter((state) => state.status === status)));

/** The n-th chunk, counted from zero, meets this fault, and no other does. */
export function faultAtChunk(gateway: FakeGateway, nth: number, fault: Fault | UploadError): void {
  let chunks = 0;
  gateway.fault = ({ event }) => {
    if (!event.startsWith('upload_chunk_') || chunks++ !== nth) return undefined;
    if (fault instanceof UploadError) throw fault;
    return fault;
  };
}

/** Lets everything happen that is ready: promises settle, the gateway reads and answers a request. */
export const tick = () => new Promise((resolve) => setImmediate(resolve));

export const liveSource = (stream: Readable, bufferBytes = 1024 * KIB) =>
  new StreamSource(stream, { ...FACTS, size: undefined, bufferBytes });

/** Jest compares large buffers a thousand times slower. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual).toHaveLength(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

/** Bytes that were sent more than once. */
export function resentBytes(gateway: FakeGateway): number {
  const sent = gateway.requestsOf('chunk').map(({ payload }) => (payload['chunk'] as Uint8Array).length);
  return sent.reduce((sum, bytes) => sum + bytes, 0) - gateway.session.content.length;
}
