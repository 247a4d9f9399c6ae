import type { CompletedPart } from '@aws-sdk/client-s3';
import { piecesOver } from './growing-part.js';
import type { FoundPart } from './listing.js';
import type { ObjectStore } from './object-store.js';
import { partAt } from './part-layout.js';
import { fileKey, pieceOf, piecesPrefix, type Piece } from './pieces.js';

/** What the store has of an unfinished upload, up to the offset from which it can go on. */
export interface Resumption {
  readonly offset: number;
  readonly uploadId: string | undefined;
  readonly parts: readonly CompletedPart[];
  /** Those that cover what follows the parts. */
  readonly tail: readonly Piece[];
  /** All that there are. */
  readonly pieces: readonly Piece[];
}

const NOTHING: Resumption = { offset: 0, uploadId: undefined, parts: [], tail: [], pieces: [] };

/**
 * Finds what was durable at an offset: full parts up to the part that it lies in, and pieces from there. What lies beyond
 * is left alone, since nobody knows its checksum: it is sent again, and written over. Without all that was durable,
 * nothing is of use, and the upload begins at zero.
 */
export async function findResumption(store: ObjectStore, fileId: string, durable: number): Promise<Resumption> {
  if (durable === 0) return NOTHING;
  const { number, start } = partAt(durable);
  const pieces = await findPieces(store, fileId);
  const tail = piecesOver(pieces, start, durable);
  if (start < durable && (tail.at(-1)?.end ?? 0) < durable) return NOTHING;
  if (number === 1) return { offset: durable, uploadId: undefined, parts: [], tail, pieces };
  for await (const { key, uploadId } of store.list.uploads(fileKey(fileId))) {
    if (key !== fileKey(fileId)) continue;
    const parts = await fullParts(store, key, uploadId, number - 1);
    if (parts.length === number - 1) return { offset: durable, uploadId, parts, tail, pieces };
  }
  return NOTHING;
}

async function findPieces(store: ObjectStore, fileId: string): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for await (const { key } of store.list.objects(piecesPrefix(fileId))) {
    const piece = pieceOf(key);
    if (piece) pieces.push(piece);
  }
  return pieces;
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
