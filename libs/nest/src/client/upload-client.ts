import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { UploadClientOptions, UploadOptions, UploadState } from '@upload-streams/client';
import { createNodeUploadClient, type NodeSource, type NodeUploadClient } from '@upload-streams/client/node';
import type { CompletedUpload } from '@upload-streams/protocol';
import { defer, type Observable } from 'rxjs';

/** The token of the options of the module (`UploadClientModuleOptions`). */
export const UPLOAD_CLIENT_OPTIONS = Symbol('UPLOAD_CLIENT_OPTIONS');

export type UploadClientModuleOptions = UploadClientOptions & { readonly url: string };

/** Uploads from this service to a gateway. All uploads share one connection, which opens with the first one. */
@Injectable()
export class UploadClient implements OnModuleInit, OnApplicationShutdown {
  private client: NodeUploadClient | undefined;

  constructor(@Inject(UPLOAD_CLIENT_OPTIONS) private readonly options: UploadClientModuleOptions) {}

  onModuleInit(): void {
    this.client = createNodeUploadClient(this.options);
  }

  /**
   * Emits the states of an upload of a path, bytes, or a stream whose length may be unknown. The last state is `completed`,
   * `failed` or `cancelled`. Cold: the upload starts on subscription, and unsubscribing stops it.
   */
  upload(source: NodeSource, options?: UploadOptions): Observable<UploadState> {
    return defer(() => this.opened.upload(source, options));
  }

  /**
   * Uploads to the end. Rejects with an `UploadError` if the upload fails or could not go on for `giveUpAfterMs` (by default
   * ten minutes), with the reason of a `signal` that is aborted, and with an `AbortError` if it was cancelled.
   */
  async uploadToEnd(source: NodeSource, options?: UploadOptions): Promise<CompletedUpload> {
    return this.opened.uploadToEnd(source, options);
  }

  /**
   * Cancels a session by its ID: the gateway drops it and its bytes. If this service is uploading it, that upload ends as
   * `cancelled`. Rejects with an `UploadError`: SESSION_NOT_FOUND, SESSION_FORBIDDEN, UPLOAD_ALREADY_COMPLETE (the file stays
   * on the gateway), or CONNECTION_LOST or ACK_TIMEOUT if the gateway can't be reached.
   */
  async cancel(sessionID: string): Promise<void> {
    await this.opened.cancel(sessionID);
  }

  onApplicationShutdown(): void {
    this.client?.close();
  }

  private get opened(): NodeUploadClient {
    if (!this.client) throw new Error('UploadClient is used before its module is initialised');
    return this.client;
  }
}
