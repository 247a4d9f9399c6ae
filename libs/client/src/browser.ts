import { crc32 } from '@upload-streams/protocol';
import { BlobSource } from './adapters/blob-source.js';
import { createUploadClient } from './create-upload-client.js';
import type { UploadClient } from './upload-client.js';
import type { UploadClientOptions, UploadOptions } from './upload-options.js';

/** A client for browsers: uploads `File`s and `Blob`s. */
export type BrowserUploadClient = UploadClient<Blob>;

export function createBrowserUploadClient(options: UploadClientOptions = {}): BrowserUploadClient {
  return createUploadClient({ openSource: openBlob, checksum: crc32 }, options);
}

function openBlob(blob: Blob, options: UploadOptions): BlobSource {
  const file = blob instanceof File ? blob : undefined;
  return new BlobSource(blob, {
    fileName: options.fileName ?? file?.name ?? 'upload',
    type: options.type ?? (blob.type || undefined),
    lastModified: file?.lastModified,
  });
}
