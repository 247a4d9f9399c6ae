import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { UploadClientOptions, UploadOptions, UploadState } from '@upload-streams/client';
import { createNodeUploadClient, type NodeSource, type NodeUploadClient } from '@upload-streams/client/node';
import type { CompletedUpload } from '@upload-streams/protocol';
import { defer, type Observable } from 'rxjs';

/** The options of the module, `url` among them: `UploadClientModuleOptions`. */
export const UPLOAD_CLIENT_OPTIONS = Symbol('UPLOAD_CLIENT_OPTIONS');

export type UploadClientModuleOptions = UploadClientOptions & { readonly url: string };

/** Uploads from this service to a gateway. All uploads share one connection, made when the first one needs it. */
@Injectable()
export class UploadClient implements OnModuleInit, OnApplicationShutdown {
  private client: NodeUploadClient | undefined;

  constructor(@Inject(UPLOAD_CLIENT_OPTIONS) private readonly options: UploadClientModuleOptions) {}

  onModuleInit(): void {
    this.client = createNodeUploadClient(this.options);
  }

  /**
   * The states of an upload of a path, bytes, or a stream whose length may be unknown; the last one is `completed`,
   * `failed` or `cancelled`. Cold: it starts on subscription, and unsubscribing stops it.
   */
  upload(source: NodeSource, options?: UploadOptions): Observable<UploadState> {
    return defer(() => this.opened.upload(source, options));
  }

  /**
   * Uploads to the end. Rejects with an `UploadError` where it fails, or could not go on for `giveUpAfterMs` (ten minutes
   * unless given), and with the reason of a `signal` that is aborted.
   */
  async uploadToEnd(source: NodeSource, options?: UploadOptions): Promise<CompletedUpload> {
    return this.opened.uploadToEnd(source, options);
  }

  onApplicationShutdown(): void {
    this.client?.close();
  }

  private get opened(): NodeUploadClient {
    if (!this.client) throw new Error('UploadClient is used before its module is initialised');
    return this.client;
  }
}
