import { concatMap, filter, map, repeat, take, takeWhile, type Observable } from 'rxjs';
import { roomForChunk, type InFlight } from '../in-flight.js';

/**
 * Reads the next chunk whenever the window has room for it: waits for room, reads at most that much, and asks again,
 * until the last chunk. One read at a time, since a chunk's offset and checksum follow from the one before it; `read`
 * must have booked its chunk in `flight$` by the time it completes.
 */
export function sendWindow<Chunk extends { readonly last: boolean }>(
  flight$: Observable<InFlight>,
  read: (maxBytes: number) => Promise<Chunk>,
): Observable<Chunk> {
  return flight$.pipe(
    map(roomForChunk),
    filter((maxBytes) => maxBytes > 0),
    take(1),
    concatMap(read),
    repeat(),
    takeWhile((chunk) => !chunk.last, true),
  );
}
