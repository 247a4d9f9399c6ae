import type { CompletedPart } from '@aws-sdk/client-s3';
import { NOTHING_DURABLE, type Checkpoint } from '../../../contracts/records.js';
import { fileKey, tailsPrefix } from '../objects/keys.js';
import type { FoundPart } from '../objects/listing.js';
import type { ObjectStore } from '../objects/object-store.js';
import { partAt } from '../parts/part-layout.js';
import { checkpointOf, covering, tailOf, type TailObject } from './tail-object.js';

/** What the store has of an unfinished upload, up to the checkpoint from which it can go on. */
export interface Resumption {
  readonly durable: Checkpoint;
  /** The multipart upload that the parts are of. */
  readonly uploadId: string | undefined;
  readonly parts: readonly CompletedPart[];
  /** The tail objects that cover what follows the parts. */
  readonly tail: readonly TailObject[];
  /** All tail objects. */
  readonly tails: readonly TailObject[];
  readonly checkpoints: readonly Checkpoint[];
}

export const NOTHING: Resumption = {
  durable: NOTHING_DURABLE,
  uploadId: undefined,
  parts: [],
  tail: [],
  tails: [],
  checkpoints: [],
};

interface FullParts {
  readonly uploadId: string;
  readonly parts: readonly CompletedPart[];
}

/**
 * Finds what a checkpoint needs: full parts up to the part in which its offset lies, and tail objects from there. What lies
 * beyond is left alone, since nobody knows its checksum: it is sent again and overwritten. Where something is missing, the
 * upload goes on from the latest earlier checkpoint for which nothing is.
 */
export async function findResumption(store: ObjectStore, fileId: string, durable: Checkpoint): Promise<Resumption> {
  if (durable.offset === 0) return NOTHING;
  const { tails, checkpoints } = await findTails(store, fileId);
  const full = await findFullParts(store, fileKey(fileId), partAt(durable.offset).number - 1);
  const earlier = checkpoints.filter(({ offset }) => offset < durable.offset).sort((a, b) => b.offset - a.offset);
  for (const { offset, crc32 } of [durable, ...earlier]) {
    const found = resumeAt(offset, tails, full);
    if (found) return { ...found, durable: { offset, crc32 }, tails, checkpoints };
  }
  return { ...NOTHING, tails, checkpoints };
}

function resumeAt(offset: number, tails: readonly TailObject[], full: FullParts | undefined) {
  const { number, start } = partAt(offset);
  const tail = covering(tails, start, offset);
  if (start < offset && (tail.at(-1)?.end ?? 0) < offset) return undefined;
  if (number === 1) return { uploadId: undefined, parts: [], tail };
  if (!full || full.parts.length < number - 1) return undefined;
  return { uploadId: full.uploadId, parts: full.parts.slice(0, number - 1), tail };
}

async function findTails(store: ObjectStore, fileId: string) {
  const tails: TailObject[] = [];
  const checkpoints: Checkpoint[] = [];
  for await (const { key } of store.list.objects(tailsPrefix(fileId))) {
    const tail = tailOf(key);
    const checkpoint = checkpointOf(key);
    if (tail) tails.push(tail);
    if (checkpoint) checkpoints.push(checkpoint);
  }
  return { tails, checkpoints };
}

/** Gateways that held the session one after the other may each have begun a multipart upload: the longest counts. */
async function findFullParts(store: ObjectStore, key: string, last: number): Promise<FullParts | undefined> {
  let longest: FullParts | undefined;
  if (last === 0) return longest;
  for await (const { key: found, uploadId } of store.list.uploads(key)) {
    if (found !== key) continue;
    const parts = await fullPartsOf(store, key, uploadId, last);
    if (parts.length > (longest?.parts.length ?? 0)) longest = { uploadId, parts };
  }
  return longest;
}

/** The parts from the first one up to `last`, or up to the first one that is missing or not full. */
async function fullPartsOf(store: ObjectStore, key: string, uploadId: string, last: number): Promise<CompletedPart[]> {
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
