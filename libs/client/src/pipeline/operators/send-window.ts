import { concatMap, filter, map, repeat, take, takeWhile, type Observable } from 'rxjs';
import { roomForChunk, type InFlight } from '../../state/ack-ledger.js';

/** The link, as far as sending has to know it. */
export interface SendLink {
  /** How large a chunk should be now, in bytes. */
  readonly chunkBytes: number;
  /** Emits `bytes` as soon as so many may be sent. */
  reserve(bytes: number): Observable<number>;
}

/**
 * Reads the next chunk whenever the server's window and the link have room for it: waits for room, reads at most that
 * much, and asks again, until the last chunk. One read at a time, since a chunk's offset and checksum follow from the one before it; `read`
 * must have booked its chunk in `flight$` by the time it completes.
 */
export function sendWindow<Chunk extends { readonly last: boolean }>(
  flight$: Observable<InFlight>,
  link: SendLink,
  read: (maxBytes: number) => Promise<Chunk>,
): Observable<Chunk> {
  return flight$.pipe(
    map((flight) => roomForChunk(flight, link.chunkBytes)),
    filter((maxBytes) => maxBytes > 0),
    take(1),
    concatMap((maxBytes) => link.reserve(maxBytes)),
    concatMap(read),
    repeat(),
    takeWhile((chunk) => !chunk.last, true),
  );
}
