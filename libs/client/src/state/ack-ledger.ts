import { MAX_AHEAD_BYTES, MIN_CHUNK_BYTES, type BegunUpload, type ChunkWritten } from '@upload-streams/protocol';

/**
 * What was sent and what was acknowledged over one connection. Pure: every function takes a ledger and returns the next
 * one.
 */
export interface AckLedger {
  /** The offset of the next byte to send. */
  readonly sent: number;
  /** The server's offset. */
  readonly acked: number;
  /** The server's durable offset. */
  readonly durable: number;
  /** The end of the receive window: the offset that must not be passed. */
  readonly windowEnd: number;
  /** The largest chunk that the server accepts. */
  readonly maxChunkBytes: number;
}

/** The ledger after `begin_upload` was answered. */
export function openLedger(begun: BegunUpload): AckLedger {
  return {
    sent: begun.offset,
    acked: begun.offset,
    durable: begun.durable,
    windowEnd: begun.offset + begun.window,
    maxChunkBytes: begun.maxChunkSize,
  };
}

/**
 * The ledger of a new session whose `begin_upload` is not answered yet. `lastWindow` is the receive window that the server
 * granted last; no more is sent than every server accepts.
 */
export function openLedgerAhead(lastWindow: number): AckLedger {
  const windowEnd = Math.min(lastWindow, MAX_AHEAD_BYTES);
  return { sent: 0, acked: 0, durable: 0, windowEnd, maxChunkBytes: MIN_CHUNK_BYTES };
}

/** The answer to a `begin_upload` that chunks have followed: from now on, the server's own limits apply. */
export function answeredAhead(ledger: AckLedger, { offset, window, maxChunkSize }: BegunUpload): AckLedger {
  return { ...ledger, windowEnd: Math.max(ledger.windowEnd, offset + window), maxChunkBytes: maxChunkSize };
}

/** No chunk is made smaller than this: 16 KiB, half a second of the slowest link that is supported. */
export const SMALLEST_CHUNK_BYTES = 16 * 1024;

/** A chunk of up to 256 KiB may take half of the window. In smaller chunks, the work for each would dominate. */
const USEFUL_CHUNK_BYTES = 256 * 1024;

/**
 * How many bytes of a chunk of `chunkBytes` may be sent now; 0 for none. A chunk takes at most a quarter of a large window
 * and half of a small one, so that the next one is in flight while one is acknowledged. A window that is too small for that
 * is used when nothing is in flight.
 */
export function roomForChunk(ledger: AckLedger, chunkBytes: number): number {
  const window = ledger.windowEnd - ledger.acked;
  const ofWindow = Math.max(SMALLEST_CHUNK_BYTES, Math.min(window / 2, Math.max(window / 4, USEFUL_CHUNK_BYTES)));
  const wanted = Math.floor(Math.min(ledger.maxChunkBytes, chunkBytes, ofWindow));
  const room = Math.max(0, Math.min(ledger.windowEnd - ledger.sent, wanted));
  return room === wanted || ledger.sent === ledger.acked ? room : 0;
}

export function chunkSent(ledger: AckLedger, bytes: number): AckLedger {
  return { ...ledger, sent: ledger.sent + bytes };
}

export function chunkAcked(ledger: AckLedger, ack: ChunkWritten): AckLedger {
  return { ...ledger, acked: ack.offset, durable: ack.durable, windowEnd: ack.offset + ack.window };
}
