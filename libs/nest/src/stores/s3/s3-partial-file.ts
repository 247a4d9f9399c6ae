import { SerialQueue } from '../../concurrency/serial-queue.js';
import type { PartDigest } from '../hashing/passing-digest-worker.js';
import type { PassingDigest, PassingDigests } from '../hashing/passing-digests.js';
import type { Checkpoint } from '../../contracts/records.js';
import {
  BrokenFileError,
  type PartialFile,
  type Persistence,
  type StoredDigest,
} from '../../contracts/storage-backend.js';
import type { Resumption } from './found-upload.js';
import { crc32 } from '@node-rs/crc32';
import { GrowingPart } from './growing-part.js';
import { HeldChunk } from './held-chunk.js';
import { KeptTails } from './kept-tails.js';
import type { ObjectStore } from './object-store.js';
import { partAt } from './part-layout.js';
import type { PartMemory, WaitingBytes } from './part-memory.js';
import { PartSender } from './part-sender.js';
import { fileKey } from './pieces.js';
import type { PrefixPoint } from './prefix-point.js';
import { readBack } from './read-back.js';
import { isProven } from './stored-proof.js';

/** What the files of one store share. */
export interface SharedParts {
  readonly store: ObjectStore;
  readonly memory: PartMemory;
  readonly digests: PassingDigests;
  readonly partsAtOnce: number;
}

/** How to remove what the store has of a file. */
export interface Removals {
  /** All of it. */
  all(): Promise<void>;
  /** What there is beside the completed file. */
  unfinished(): Promise<void>;
}

/** A part of the first size: what has to be saved in a piece is what the chunk that filled the part has beyond it. */
const PERSISTENCE: Persistence = { survivesProcess: false, syncEveryBytes: 8 * 1024 * 1024 };

/** An upload that grows in the object store, part by part. */
export class S3PartialFile implements PartialFile, WaitingBytes {
  readonly persistence = PERSISTENCE;
  readonly size: number;
  private part: GrowingPart;
  private readonly sender: PartSender;
  readonly durable: Checkpoint;
  private readonly kept: KeptTails;
  /** Parts that are full and not sent yet. */
  private readonly full = new Set<GrowingPart>();
  /** CRC-32 of all that was appended, now and before. */
  private crc32: number;
  /** The start of the part that grows; undefined where the upload went on from within it. */
  private point: PrefixPoint | undefined;
  private readonly hadBegun: boolean;
  private hashing: PassingDigest | undefined;
  private stored: StoredDigest | undefined;
  private readonly saving = new SerialQueue();
  private fault: BrokenFileError | undefined;
  private ending = false;
  private closed = false;

  constructor(
    private readonly fileId: string,
    private readonly shared: SharedParts,
    resumption: Resumption,
    private readonly removals: Removals,
  ) {
    const { durable, uploadId, parts, tail, pieces, points } = resumption;
    const { offset, crc32 } = durable;
    this.size = offset;
    this.durable = durable;
    this.crc32 = crc32;
    this.part = new GrowingPart(offset, fileId, shared.store, tail);
    this.sender = new PartSender(shared.store, fileKey(fileId), shared.partsAtOnce, uploadId, parts);
    this.kept = new KeptTails(shared.store, fileId, offset, pieces, points);
    if (offset === this.part.span.start) this.point = { offset, crc32 };
    this.hadBegun = offset > 0 || pieces.length > 0;
    // What was sent before can't be hashed by now; then all is read back at the end.
    if (offset === 0) this.hashing = shared.digests.open();
    shared.memory.join(this);
  }

  get waitingBytes(): number {
    return this.closed || this.ending || this.fault ? 0 : this.part.heldBytes;
  }

  async append(offset: number, bytes: Uint8Array): Promise<void> {
    const { length } = bytes;
    await this.shared.memory.take(length);
    if (this.closed || this.fault) {
      this.shared.memory.give(length);
      throw this.fault ?? new Error('the file is closed');
    }
    const cuts = partEndsWithin(offset, length);
    const points = this.pointsWithin(bytes, cuts, offset);
    const passed = this.hashing?.pass(bytes, cuts) ?? Promise.resolve({ bytes, parts: [] });
    const held = new HeldChunk(
      passed.then((back) => back.bytes),
      length,
      this.shared.memory,
    );
    for (let from = 0, ended = 0; from < length;) {
      from += this.part.add(from === 0 ? held : held.share(), from, length - from);
      if (this.part.end < this.part.span.end) break;
      const index = ended++;
      await this.sendPart(
        passed.then(({ parts }) => parts[index]),
        points[index],
      );
    }
    this.shared.memory.changed();
  }

  async sync(): Promise<void> {
    const { part, point } = this;
    const { end } = part;
    this.kept.willSync(end);
    // The part may become full, and be sent, before this comes to an end: the piece is saved all the same, since it is not
    // the part's end that gets recorded.
    const saved = this.saving.run(() => this.saveNow(part, end));
    const pointSaved = point && this.kept.savePoint(point);
    const [{ status }] = await Promise.allSettled([saved, pointSaved, this.sender.settled()]);
    if (this.fault) throw this.fault;
    if (status === 'rejected') throw new Error('the file is closed');
  }

  checkpointSaved(offset: number): void {
    const inHand = [this.part, ...this.full].flatMap(({ pieces }) => pieces);
    this.kept.recorded(offset, inHand);
  }

  async *read(start: number): AsyncIterable<Uint8Array> {
    yield* this.part.body(start).chunks();
  }

  async digest(size: number): Promise<StoredDigest> {
    this.ending = true;
    await this.sender.settled();
    await this.saving.settled();
    if (this.fault) throw this.fault;
    if (size < this.part.end) this.truncate(size);
    try {
      return (this.stored ??= await this.putTogether());
    } catch (error) {
      throw this.brokenBy(error);
    }
  }

  async complete(): Promise<void> {
    await this.digest(this.part.end);
    // Gateways that held it before may each have begun an upload, and so may a call whose answer was lost.
    if (this.hadBegun || this.sender.hasBegun || this.kept.isUsed) await this.removals.unfinished();
  }

  async discard(): Promise<void> {
    await this.close();
    await this.removals.all();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.hashing?.discard();
    this.hashing = undefined;
    await this.sender.settled();
    await this.saving.settled();
    await this.kept.settled();
    this.part.release();
    this.shared.memory.leave(this);
  }

  spill(): Promise<void> {
    const { part } = this;
    return this.saving.run(async () => {
      // One that was sent meanwhile, or is about to be, gives its memory back by itself.
      if (part !== this.part || this.waitingBytes === 0) return;
      await this.saveNow(part);
      if (part === this.part && this.waitingBytes > 0) part.spill(this.kept.pieces);
    });
  }

  private async sendPart(digest: Promise<PartDigest | undefined>, next?: PrefixPoint): Promise<void> {
    const { part } = this;
    this.part = new GrowingPart(part.span.end, this.fileId, this.shared.store);
    this.point = next;
    this.full.add(part);
    this.sender.send(part, digest, async (error) => {
      if (error !== undefined) this.brokenBy(error);
      await this.saving.settled();
      this.full.delete(part);
      part.release();
    });
    await this.sender.room();
  }

  private async saveNow(part: GrowingPart, upTo?: number): Promise<void> {
    if (this.closed) throw new Error('the file is closed');
    try {
      this.kept.saved(await part.save(upTo));
    } catch (error) {
      throw this.brokenBy(error);
    }
  }

  private truncate(size: number): void {
    if (size < this.part.span.start) throw new Error(`part ${this.part.span.number - 1} is sent already`);
    this.part.truncate(size);
    this.hashing?.discard();
    this.hashing = undefined;
  }

  private async putTogether(): Promise<StoredDigest> {
    const { store, digests } = this.shared;
    const sent = await this.hashing?.finish();
    this.hashing = undefined;
    const key = fileKey(this.fileId);
    if (!this.sender.hasBegun) {
      const object = await store.put(key, this.part.body(), sent?.last);
      return sent && isProven(object, sent.whole, [sent.last]) ? sent.whole : readBack(store, key, digests);
    }
    if (this.part.bytes > 0) await this.sendPart(Promise.resolve(sent?.last));
    await this.sender.settled();
    if (this.fault) throw this.fault;
    const { object, digests: parts } = await this.sender.complete(sent?.whole.crc32);
    return sent && isProven(object, sent.whole, parts) ? sent.whole : readBack(store, key, digests);
  }

  /** The points where parts end within the bytes. */
  private pointsWithin(bytes: Uint8Array, cuts: readonly number[], offset: number): PrefixPoint[] {
    const points: PrefixPoint[] = [];
    let start = 0;
    for (const cut of cuts) {
      this.crc32 = crc32(bytes.subarray(start, cut), this.crc32);
      points.push({ offset: offset + cut, crc32: this.crc32 });
      start = cut;
    }
    this.crc32 = crc32(bytes.subarray(start), this.crc32);
    return points;
  }

  private brokenBy(error: unknown): BrokenFileError {
    const message = error instanceof Error ? error.message : String(error);
    return (this.fault ??= new BrokenFileError(message, { cause: error }));
  }
}

/** Where parts end within so many bytes at an offset, counted from there. */
function partEndsWithin(offset: number, length: number): number[] {
  const ends: number[] = [];
  for (let { end } = partAt(offset); end <= offset + length; { end } = partAt(end)) ends.push(end - offset);
  return ends;
}
