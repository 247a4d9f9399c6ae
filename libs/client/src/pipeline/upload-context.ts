import type { BehaviorSubject, Observable } from 'rxjs';
import type { UploadTransport } from '../ports/transport.js';
import type { UploadSession } from '../state/upload-session.js';
import type { CongestionWindow, SendPermits } from './flow-control/congestion-window.js';
import type { CheckedSource } from './source/checked-source.js';

/** What an upload is, over all of its connections. */
export interface Upload {
  readonly source: CheckedSource;
  /** The present session. A restart replaces it. */
  readonly session$: BehaviorSubject<UploadSession>;
  readonly metadata: Readonly<Record<string, string>> | undefined;
  /** The upload fails when it has made no progress for this long after a failure, in milliseconds; `Infinity`: never. */
  readonly giveUpAfterMs: number;
}

/** What all uploads of a client share. */
export interface UploadNetwork {
  readonly transport: UploadTransport;
  readonly window: CongestionWindow;
  /** Whether there is a network at all, as far as the platform knows. Emits on subscription. */
  readonly online$: Observable<boolean>;
}

/** One connection of one upload. */
export interface UploadConnection {
  readonly transport: UploadTransport;
  readonly permits: SendPermits;
  /** How long an ack may take, in milliseconds. */
  readonly ackTimeoutMs: number;
}

/** How patient an upload is; `UploadClientOptions` says what each value means. */
export interface PipelineOptions {
  readonly minRetryDelayMs: number;
  readonly maxRetryDelayMs: number;
  readonly ackTimeoutMs: number;
  readonly maxAttempts: number;
}
