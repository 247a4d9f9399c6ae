import { MIN_CHUNK_BYTES, type BegunUpload, type ChunkWritten } from '@upload-streams/protocol';

/**
 * The book of what was sent and what was acknowledged on one connection. Pure: every function takes a book and gives
 * the next one.
 */
export interface InFlight {
  /** The offset of the next byte to send. */
  readonly sent: number;
  /** The server's offset. */
  readonly acked: number;
  /** The server's durable offset. */
  readonly durable: number;
  /** The offset that may not be passed: the server's offset and window of the last ack. */
  readonly edge: number;
  /** The largest chunk that the server takes. */
  readonly maxChunkBytes: number;
  /** How many bytes the link is trusted with at once. */
  readonly target: number;
}

/**
 * Before anything is measured: 64 KiB, two seconds of queue on a link of 256 kbit/s, the slowest we care for.
 */
export const INITIAL_TARGET_BYTES = MIN_CHUNK_BYTES;

/**
 * A chunk is a sixteenth of what may be in flight, and never below 16 KiB, so that acks come steadily and a cut,
 * which loses all of the chunk that is under way, costs little.
 */
const MIN_CHUNK = 16 * 1024;
const CHUNKS_IN_FLIGHT = 16;

/** A second of the measured rate in flight fills any link of less than a second's delay, and never queues for two. */
const TARGET_SECONDS = 1;

export function beginFlight(begun: BegunUpload): InFlight {
  return {
    sent: begun.offset,
    acked: begun.offset,
    durable: begun.durable,
    edge: begun.offset + begun.window,
    maxChunkBytes: begun.maxChunkSize,
    target: INITIAL_TARGET_BYTES,
  };
}

/** How large a chunk may be sent now: 0 for none. A window too small for a whole chunk is used when nothing else moves. */
export function roomForChunk(flight: InFlight): number {
  const chunkBytes = Math.max(MIN_CHUNK, Math.min(flight.maxChunkBytes, Math.floor(flight.target / CHUNKS_IN_FLIGHT)));
  const room = Math.min(flight.edge, flight.acked + flight.target) - flight.sent;
  if (room >= chunkBytes) return chunkBytes;
  return flight.sent === flight.acked ? Math.max(0, Math.min(room, flight.maxChunkBytes)) : 0;
}

export function chunkSent(flight: InFlight, bytes: number): InFlight {
  return { ...flight, sent: flight.sent + bytes };
}

/**
 * An ack came for a chunk of which the first byte left `elapsedMs` ago, with `bytes` acknowledged since then: so the
 * link carries that rate, and is trusted with a second's worth of it. It at most doubles, and at most halves, at a time.
 */
export function chunkAcked(flight: InFlight, ack: ChunkWritten, bytes: number, elapsedMs: number): InFlight {
  const measured = (bytes / Math.max(elapsedMs, 1)) * 1000 * TARGET_SECONDS;
  const target = Math.max(INITIAL_TARGET_BYTES, Math.min(Math.max(measured, flight.target / 2), flight.target * 2));
  return { ...flight, acked: ack.offset, durable: ack.durable, edge: ack.offset + ack.window, target };
}
