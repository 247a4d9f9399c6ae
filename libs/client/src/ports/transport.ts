import type { UploadError } from '@upload-streams/protocol';
import type { Observable } from 'rxjs';

/** The wire, as the pipeline sees it: one connection that all uploads of a client share. */
export interface UploadTransport {
  /**
   * Emits once the connection is up, making it if need be, and fails with an UploadError as soon as it ends or can't be
   * made: CONNECTION_LOST, or the reason that the server gave. It never reconnects by itself: subscribing again does.
   */
  readonly connected$: Observable<void>;
  /** Emits the arguments of each event of that name. */
  on(event: string): Observable<readonly unknown[]>;
  /** Sends on subscription, emits the answer and completes. Never buffers: without a connection it fails at once. */
  request(event: string, payload: unknown): Observable<unknown>;
  /** How long nothing has come from the server, heartbeats neither, in milliseconds. */
  readonly silentMs: number;
  /** Ends a connection that no longer answers; `connected$` fails with the reason for all who use it. */
  drop(reason: UploadError): void;
  close(): void;
}
