import type { CompletedUpload, UploadError } from '@upload-streams/protocol';
import type { Socket } from 'node:net';
import type { UploadConnection } from '../session/upload-connection.js';

/** One request, as the session sees it: it holds the session until it is answered or another request takes over. */
export class TusConnection implements UploadConnection {
  private readonly controller = new AbortController();
  private file: CompletedUpload | undefined;

  constructor(
    readonly owner: string | null,
    private readonly socket: Socket,
  ) {}

  get connected(): boolean {
    return !this.socket.destroyed;
  }

  /** Aborted when the upload cannot continue here, with the error as its reason. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The file, if the session has told that it is complete. */
  get completedFile(): CompletedUpload | undefined {
    return this.file;
  }

  completed(_: string, file: CompletedUpload): void {
    this.file = file;
  }

  /** Does nothing: HTTP has no answer before the answer. */
  inProgress(): void {}

  failed(_: string, error: UploadError): void {
    this.abort(error);
  }

  /** Ends the reading of the body. */
  abort(reason: unknown): void {
    this.controller.abort(reason);
  }
}
