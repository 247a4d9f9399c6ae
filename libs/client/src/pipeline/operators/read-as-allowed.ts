import { concatMap, filter, map, repeat, take, takeWhile, tap, type BehaviorSubject, type Observable } from 'rxjs';
import { chunkSent, roomForChunk, type AckLedger } from '../../state/ack-ledger.js';

/** The congestion window, as far as reading needs it. */
export interface ReadPermits {
  /** The best size of a chunk now, in bytes. */
  readonly chunkBytes: number;
  /** Emits `bytes` as soon as they may be sent, and completes. */
  acquire(bytes: number): Observable<number>;
}

/**
 * Reads the next chunk whenever both the server's receive window and the congestion window have room, until the last one,
 * and enters each in the ledger.
 */
export function readAsAllowed<Chunk extends { readonly bytes: number; readonly last: boolean }>(
  ledger$: BehaviorSubject<AckLedger>,
  permits: ReadPermits,
  read: (maxBytes: number) => Promise<Chunk>,
): Observable<Chunk> {
  const room$ = ledger$.pipe(
    map((ledger) => roomForChunk(ledger, permits.chunkBytes)),
    filter((maxBytes) => maxBytes > 0),
    take(1),
    // concatMap: there is one value, which waits for its permits.
    concatMap((maxBytes) => permits.acquire(maxBytes)),
  );
  return room$.pipe(
    // concatMap: one read at a time, because the offset and the checksum of a chunk follow from the one before.
    concatMap(read),
    tap(({ bytes }) => ledger$.next(chunkSent(ledger$.value, bytes))),
    repeat(),
    takeWhile((chunk) => !chunk.last, true),
  );
}
