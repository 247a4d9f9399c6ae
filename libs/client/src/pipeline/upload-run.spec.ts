import { beforeEach, describe, expect, it } from '@jest/globals';
import { crc32, MAX_AHEAD_BYTES, MIN_CHUNK_BYTES } from '@upload-streams/protocol';
import { firstValueFrom, lastValueFrom, of, timeout, toArray, catchError, EMPTY } from 'rxjs';
import { BytesSource } from '../adapters/sources/bytes-source.js';
import { roomForChunk } from '../state/ack-ledger.js';
import { sendWindow } from './operators/send-window.js';
import { UploadRun } from './upload-run.js';

const FACTS = { fileName: 'a.bin', type: undefined, lastModified: undefined };
const BEGUN = { offset: 0, durable: 0, window: 4 * MAX_AHEAD_BYTES, maxChunkSize: 1, prefixCrc32: 0, expiresAt: 0 };

describe('an upload that starts ahead of its begin', () => {
  let run: UploadRun;

  beforeEach(() => {
    const source = new BytesSource(new Uint8Array(2 * MAX_AHEAD_BYTES), FACTS);
    run = new UploadRun(source, {}, crc32, 'session_of_22_letters_');
  });

  /** All that it sends without an ack. */
  const sent = () => {
    const wideLink = { chunkBytes: Infinity, reserve: (bytes: number) => of(bytes) };
    const chunks$ = sendWindow(run.flight$, wideLink, (maxBytes) => run.readChunk(maxBytes));
    return lastValueFrom(
      chunks$.pipe(
        timeout({ each: 100 }),
        catchError(() => EMPTY),
        toArray(),
      ),
    );
  };

  it('sends what every gateway takes, in chunks that every gateway takes, and no more', async () => {
    await run.startAhead(Infinity);
    const chunks = await sent();
    expect(chunks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(MAX_AHEAD_BYTES);
    expect(Math.max(...chunks.map(({ bytes }) => bytes))).toBe(MIN_CHUNK_BYTES);
  });

  it('sends no more than the gateway granted last', async () => {
    await run.startAhead(100_000);
    const chunks = await sent();
    expect(chunks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(100_000);
  });

  it('goes on with the window and the chunks of the answer', async () => {
    await run.startAhead(Infinity);
    await run.readChunk(10);
    expect(run.begunAhead({ ...BEGUN, maxChunkSize: 4 })).toMatchObject({ type: 'begun', offset: 0 });
    const flight = await firstValueFrom(run.flight$);
    expect(flight).toMatchObject({ sent: 10, acked: 0, edge: 4 * MAX_AHEAD_BYTES });
    expect(roomForChunk(flight, 100)).toBe(4);
  });

  it('begins again where the gateway has some of it already', async () => {
    await run.startAhead(Infinity);
    expect(() => run.begunAhead({ ...BEGUN, offset: 5 })).toThrow(expect.objectContaining({ code: 'OFFSET_MISMATCH' }));
  });

  it('is certain to begin at zero once for each session ID of its own making', () => {
    expect([run.takeUnknown(), run.takeUnknown()]).toEqual([true, false]);
    run.restart();
    expect([run.takeUnknown(), run.takeUnknown()]).toEqual([true, false]);
    const given = new UploadRun(new BytesSource(new Uint8Array(1), FACTS), { sessionID: 'x' }, crc32, 'x');
    expect(given.takeUnknown()).toBe(false);
  });
});
