import type { CompletedUpload, UploadError, UploadInProgress } from '@upload-streams/protocol';

/** The connection that holds a session, as the session sees it. */
export interface UploadConnection {
  /** Who the authenticator found behind the connection; `null` for a client without an identity. */
  readonly owner: string | null;
  /** Whether the connection is still open. */
  readonly connected: boolean;
  /** The upload is complete: verified, durable and in the catalogue. */
  completed(sessionID: string, file: CompletedUpload): void;
  /** The answer that this connection waits for takes long; the work on it continues. */
  inProgress(sessionID: string, step: UploadInProgress['step']): void;
  /** The upload cannot continue on this connection. */
  failed(sessionID: string, error: UploadError): void;
}
