import type { UploadError } from '@upload-streams/protocol';
import type { Observable } from 'rxjs';

/** The connection to the server, which all uploads of a client share. */
export interface UploadTransport {
  /**
   * Emits when the connection is open. Subscribing opens it if necessary. Fails with an UploadError as soon as the connection
   * ends or can't be opened: CONNECTION_LOST, or the reason that the server gave. It never reconnects by itself; subscribe
   * again for that.
   */
  readonly connected$: Observable<void>;
  /** Emits the arguments of every event of this name. */
  on(event: string): Observable<readonly unknown[]>;
  /** Sends on subscription, emits the answer and completes. It never buffers: without a connection, it fails at once. */
  request(event: string, payload: unknown): Observable<unknown>;
  /** How long nothing has come from the server, not even a heartbeat, in milliseconds. */
  readonly silentMs: number;
  /** Ends a connection that no longer answers. `connected$` fails with the reason for all subscribers. */
  drop(reason: UploadError): void;
  /** No upload is left. Ends what only serves to explain failures to them. The connection may stay open. */
  rest(): void;
  close(): void;
}
