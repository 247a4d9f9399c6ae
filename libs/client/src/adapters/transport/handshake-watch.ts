import { UploadError } from '@upload-streams/protocol';
import type { Observable, Subscription } from 'rxjs';

/** The shortest time between two probes. About the longest wait between two attempts to connect. */
const PROBE_EVERY_MS = 10_000;

/**
 * Says why WebSockets do not open. After a failed handshake, it probes in the background, so that no attempt waits for it.
 * What a probe found counts for the handshakes that begin after its answer and fail as well. Otherwise a server that starts
 * between the handshake and the probe would look as if it could not be reached by a WebSocket.
 */
export class HandshakeWatch {
  /** What the last probe found. */
  private found: UploadError | undefined;
  /** What it had found when the present handshake began. */
  private expected: UploadError | undefined;
  private probing: Subscription | undefined;
  private probedAt = -Infinity;

  /** `probe`: emits the reason once, or undefined, and never fails. Unsubscribing ends it. */
  constructor(private readonly probe: () => Observable<UploadError | undefined>) {}

  begin(): void {
    this.expected = this.found;
  }

  /** WebSockets open. */
  opened(): void {
    this.stop();
    this.expected = undefined;
    this.found = undefined;
    this.probedAt = -Infinity;
  }

  /** Returns the reason for a failed handshake, and probes if a probe is due. */
  failed(cause: unknown): UploadError {
    if (performance.now() - this.probedAt >= PROBE_EVERY_MS) {
      this.probedAt = performance.now();
      this.probing?.unsubscribe();
      this.probing = this.probe().subscribe((found) => (this.found = found));
    }
    return this.expected ?? noConnection(cause);
  }

  /** Nobody wants to know any more. */
  stop(): void {
    this.probing?.unsubscribe();
  }
}

/** Node says why; Socket.IO wraps that twice. A browser tells its page nothing. */
function noConnection(failure: unknown): UploadError {
  const { error } = (failure as { readonly description?: { readonly error?: unknown } } | undefined)?.description ?? {};
  const problem = (error as { readonly code?: unknown } | undefined)?.code;
  if (typeof problem !== 'string') return new UploadError('CONNECTION_LOST', undefined, { cause: failure });
  return new UploadError('CONNECTION_LOST', { problem }, { cause: error });
}
