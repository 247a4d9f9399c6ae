import { crc32 } from '@upload-streams/protocol';
import { defer, distinctUntilChanged, fromEvent, map, merge, startWith, type Observable } from 'rxjs';
import { BlobSource } from './adapters/sources/blob-source.js';
import { askToken } from './adapters/transport/ask-token.js';
import { createUploadClient } from './create-upload-client.js';
import { BROWSER_LINK } from './state/link-tuning.js';
import type { UploadClient } from './upload-client.js';
import { resolveClientOptions, type UploadClientOptions } from './options/client-options.js';
import type { ResolvedUploadOptions } from './options/upload-options.js';

/** Whether the browser has a network, which says nothing about whether the server can be reached. */
const online$ = defer(() =>
  merge(fromEvent(globalThis, 'online'), fromEvent(globalThis, 'offline')).pipe(
    startWith(undefined),
    map(() => navigator.onLine),
    distinctUntilChanged(),
  ),
);

/** A client for browsers: uploads `File`s and `Blob`s. */
export type BrowserUploadClient = UploadClient<Blob>;

/** Throws a RangeError if an option can't be used. */
export function createBrowserUploadClient(options: UploadClientOptions = {}): BrowserUploadClient {
  return createUploadClient({ openSource: openBlob, checksum: crc32, online$, linkTuning: BROWSER_LINK }, options);
}

/**
 * Asks for the credential in the options of a client, for other requests to the gateway, as the client does for a connection.
 * Emits undefined if there is none, and at once if it is a text. Fails with an UploadError, usually TOKEN_UNAVAILABLE.
 */
export function requestToken(
  options: Pick<UploadClientOptions, 'token' | 'tokenTimeoutMs'>,
): Observable<string | undefined> {
  const { token, tokenTimeoutMs } = resolveClientOptions(options);
  return askToken(token, tokenTimeoutMs);
}

function openBlob(blob: Blob, options: ResolvedUploadOptions): BlobSource {
  const file = blob instanceof File ? blob : undefined;
  const facts = {
    fileName: options.fileName ?? file?.name ?? 'upload',
    type: options.type ?? (blob.type || undefined),
    lastModified: file?.lastModified,
  };
  return new BlobSource(blob, facts, options.handle);
}
