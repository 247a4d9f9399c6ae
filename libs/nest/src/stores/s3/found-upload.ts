import type { CompletedPart } from '@aws-sdk/client-s3';
import { NOTHING_DURABLE, type Checkpoint } from '../../contracts/records.js';
import { piecesOver } from './growing-part.js';
import type { FoundPart } from './listing.js';
import type { ObjectStore } from './object-store.js';
import { partAt } from './part-layout.js';
import { fileKey, pieceOf, piecesPrefix, type Piece } from './pieces.js';
import { pointOf, type PrefixPoint } from './prefix-point.js';

/** What the store has of an unfinished upload, up to the offset from which it can go on. */
export interface Resumption {
  readonly durable: Checkpoint;
  readonly uploadId: string | undefined;
  readonly parts: readonly CompletedPart[];
  /** Those that cover what follows the parts. */
  readonly tail: readonly Piece[];
  /** All that there are. */
  readonly pieces: readonly Piece[];
  readonly points: readonly PrefixPoint[];
}

export const NOTHING: Resumption = {
  durable: NOTHING_DURABLE,
  uploadId: undefined,
  parts: [],
  tail: [],
  pieces: [],
  points: [],
};

interface WholeParts {
  readonly uploadId: string;
  readonly parts: readonly CompletedPart[];
}

/**
 * Finds what was durable at an offset: full parts up to the part that it lies in, and pieces from there. What lies beyond
 * is left alone, since nobody knows its checksum: it is sent again, and written over. Where something of it is missing,
 * the upload goes on from the last point before it at which its parts are whole.
 */
export async function findResumption(store: ObjectStore, fileId: string, durable: Checkpoint): Promise<Resumption> {
  if (durable.offset === 0) return NOTHING;
  const { pieces, points } = await findBeside(store, fileId);
  const whole = await findWholeParts(store, fileKey(fileId), partAt(durable.offset).number - 1);
  const before = points.filter(({ offset }) => offset < durable.offset).sort((a, b) => b.offset - a.offset);
  for (const point of [durable, ...before]) {
    const found = resumeAt(point.offset, pieces, whole);
    if (found) return { ...found, durable: { offset: point.offset, crc32: point.crc32 }, pieces, points };
  }
  return { ...NOTHING, pieces, points };
}

function resumeAt(offset: number, pieces: readonly Piece[], whole: WholeParts | undefined) {
  const { number, start } = partAt(offset);
  const tail = piecesOver(pieces, start, offset);
  if (start < offset && (tail.at(-1)?.end ?? 0) < offset) return undefined;
  if (number === 1) return { uploadId: undefined, parts: [], tail };
  if (!whole || whole.parts.length < number - 1) return undefined;
  return { uploadId: whole.uploadId, parts: whole.parts.slice(0, number - 1), tail };
}

async function findBeside(store: ObjectStore, fileId: string) {
  const pieces: Piece[] = [];
  const points: PrefixPoint[] = [];
  for await (const { key } of store.list.objects(piecesPrefix(fileId))) {
    const piece = pieceOf(key);
    const point = pointOf(key);
    if (piece) pieces.push(piece);
    if (point) points.push(point);
  }
  return { pieces, points };
}

/** Gateways that held the upload one after the other may each have begun one in parts: the one that has most counts. */
async function findWholeParts(store: ObjectStore, key: string, last: number): Promise<WholeParts | undefined> {
  let most: WholeParts | undefined;
  if (last === 0) return most;
  for await (const { key: found, uploadId } of store.list.uploads(key)) {
    if (found !== key) continue;
    const parts = await fullParts(store, key, uploadId, last);
    if (parts.length > (most?.parts.length ?? 0)) most = { uploadId, parts };
  }
  return most;
}

/** The parts from the first one on, up to `last`, that are whole. */
async function fullParts(store: ObjectStore, key: string, uploadId: string, last: number): Promise<CompletedPart[]> {
  const found = new Map<number, FoundPart>();
  for await (const part of store.list.parts(key, uploadId)) found.set(part.number, part);
  const parts: CompletedPart[] = [];
  let offset = 0;
  for (let number = 1; number <= last; number++) {
    const { start, end } = partAt(offset);
    const part = found.get(number);
    if (part?.bytes !== end - start) break;
    parts.push({ PartNumber: number, ETag: part.etag });
    offset = end;
  }
  return parts;
}
