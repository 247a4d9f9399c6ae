import type { CompletedUpload, UploadError, UploadInProgress } from '@upload-streams/protocol';

/** The connection that holds a session, as the session sees it. */
export interface UploadConnection {
  /** Whom the authenticator found behind the connection. */
  readonly owner: string | null;
  /** Whether the connection is still there. */
  readonly connected: boolean;
  /** The upload is complete, verified and in its place. */
  completed(sessionID: string, file: CompletedUpload): void;
  /** An answer that this connection waits for is still in work. */
  inProgress(sessionID: string, step: UploadInProgress['step']): void;
  /** The upload can't go on here. */
  failed(sessionID: string, error: UploadError): void;
}
