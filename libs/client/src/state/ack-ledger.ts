import type { BegunUpload, ChunkWritten } from '@upload-streams/protocol';

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
}

export function beginFlight(begun: BegunUpload): InFlight {
  return {
    sent: begun.offset,
    acked: begun.offset,
    durable: begun.durable,
    edge: begun.offset + begun.window,
    maxChunkBytes: begun.maxChunkSize,
  };
}

/** The answer to a begin that chunks followed without waiting for it. */
export function windowOpened(flight: InFlight, { offset, window, maxChunkSize }: BegunUpload): InFlight {
  return { ...flight, edge: Math.max(flight.edge, offset + window), maxChunkBytes: maxChunkSize };
}

/** No chunk is made smaller than this: 16 KiB, half a second of the slowest link that we care for. */
export const SMALLEST_CHUNK_BYTES = 16 * 1024;

/** A chunk of 256 KiB or less may take half of the window: with less in each, the work for each would show. */
const USEFUL_CHUNK_BYTES = 256 * 1024;

/**
 * How much of a chunk of `chunkBytes` may be sent now: 0 for none. At most a quarter of a large window and half of a
 * small one, so that the next chunk is under way while one is acknowledged; a window too small for that is used when
 * nothing else moves.
 */
export function roomForChunk(flight: InFlight, chunkBytes: number): number {
  const window = flight.edge - flight.acked;
  const ofWindow = Math.max(SMALLEST_CHUNK_BYTES, Math.min(window / 2, Math.max(window / 4, USEFUL_CHUNK_BYTES)));
  const wanted = Math.floor(Math.min(flight.maxChunkBytes, chunkBytes, ofWindow));
  const room = Math.max(0, Math.min(flight.edge - flight.sent, wanted));
  return room === wanted || flight.sent === flight.acked ? room : 0;
}

export function chunkSent(flight: InFlight, bytes: number): InFlight {
  return { ...flight, sent: flight.sent + bytes };
}

export function chunkAcked(flight: InFlight, ack: ChunkWritten): InFlight {
  return { ...flight, acked: ack.offset, durable: ack.durable, edge: ack.offset + ack.window };
}
