import { SerialQueue } from '../../concurrency/serial-queue.js';
import {
  BrokenFileError,
  type PartialFile,
  type Persistence,
  type StoredDigest,
} from '../../contracts/partial-file.js';
import type { Checkpoint } from '../../contracts/records.js';
import type { PartDigest } from '../hashing/passing-digest-worker.js';
import type { PassingDigest } from '../hashing/passing-digests.js';
import { fileKey } from './objects/keys.js';
import { readBack } from './objects/read-back.js';
import { isProven } from './objects/stored-object.js';
import { GrowingPart } from './parts/growing-part.js';
import type { Spillable } from './parts/part-memory.js';
import { PartSender } from './parts/part-sender.js';
import { partEndsWithin, PrefixChecksum } from './parts/prefix-checksum.js';
import { SharedChunk } from './parts/shared-chunk.js';
import type { Removals, SharedParts } from './s3-shared.js';
import type { Resumption } from './tails/resumption.js';
import { TailKeeper } from './tails/tail-keeper.js';

/** A part of the first size: at its end, the tail object is no more than what the last chunk has beyond the part. */
const PERSISTENCE: Persistence = { survivesProcess: false, syncEveryBytes: 8 * 1024 * 1024 };

/** An upload that grows in the object store, part by part. */
export class S3PartialFile implements PartialFile, Spillable {
  readonly persistence = PERSISTENCE;
  readonly size: number;
  readonly durable: Checkpoint;
  private part: GrowingPart;
  private readonly sender: PartSender;
  private readonly tails: TailKeeper;
  /** Parts that are full and not sent yet. */
  private readonly full = new Set<GrowingPart>();
  private readonly prefix: PrefixChecksum;
  /** The start of the part that grows; undefined where the upload went on from within it. */
  private partStart: Checkpoint | undefined;
  private readonly hadBegun: boolean;
  /** Undefined where it can't be hashed on its way, since it was sent in part before: then it is read back at the end. */
  private hashing: PassingDigest | undefined;
  private stored: StoredDigest | undefined;
  private readonly saving = new SerialQueue();
  private fault: BrokenFileError | undefined;
  private ending = false;
  private closed = false;

  constructor(
    private readonly fileId: string,
    private readonly shared: SharedParts,
    { durable, uploadId, parts, tail, tails, checkpoints }: Resumption,
    private readonly removals: Removals,
  ) {
    const { offset, crc32 } = durable;
    this.size = offset;
    this.durable = durable;
    this.prefix = new PrefixChecksum(crc32);
    this.part = new GrowingPart(offset, fileId, shared.store, tail);
    this.sender = new PartSender(shared.store, fileKey(fileId), shared.partsAtOnce, uploadId, parts);
    this.tails = new TailKeeper(shared.store, fileId, offset, tails, checkpoints);
    if (offset === this.part.span.start) this.partStart = durable;
    this.hadBegun = offset > 0 || tails.length > 0;
    if (offset === 0) this.hashing = shared.digests.open();
    shared.memory.join(this);
  }

  get spillableBytes(): number {
    return this.closed || this.ending || this.fault ? 0 : this.part.memoryBytes;
  }

  async append(offset: number, bytes: Uint8Array): Promise<void> {
    const { length } = bytes;
    await this.shared.memory.take(length);
    if (this.closed || this.fault) {
      this.shared.memory.give(length);
      throw this.fault ?? new Error('the file is closed');
    }
    const cuts = partEndsWithin(offset, length);
    const partEnds = this.prefix.advance(offset, bytes, cuts);
    const hashed = this.hashing?.pass(bytes, cuts) ?? Promise.resolve({ bytes, parts: [] });
    const moved = hashed.then((back) => back.bytes);
    const chunk = new SharedChunk(moved, length, this.shared.memory, this.shared.free);
    for (let from = 0, ended = 0; from < length;) {
      from += this.part.add(from === 0 ? chunk : chunk.share(), from, length - from);
      if (this.part.end < this.part.span.end) break;
      const index = ended++;
      const digest = hashed.then(({ parts }) => parts[index]);
      await this.sendPart(digest, partEnds[index]);
    }
    this.shared.memory.changed();
  }

  async sync(): Promise<void> {
    const { part, partStart } = this;
    const { end } = part;
    this.tails.willSync(end);
    // The part may become full, and be sent, before this ends. The tail object is saved all the same, since the checkpoint
    // will be at the offset of now, not at the end of the part.
    const saved = this.saving.run(() => this.saveTail(part, end));
    const checkpointSaved = partStart && this.tails.saveCheckpoint(partStart);
    const [{ status }] = await Promise.allSettled([saved, checkpointSaved, this.sender.settled()]);
    if (this.fault) throw this.fault;
    if (status === 'rejected') throw new Error('the file is closed');
  }

  checkpointSaved(offset: number): void {
    const inParts = [this.part, ...this.full].flatMap(({ tails }) => tails);
    this.tails.checkpointSaved(offset, inParts);
  }

  async *read(start: number): AsyncIterable<Uint8Array> {
    yield* this.part.body(start).chunks();
  }

  async digest(size: number): Promise<StoredDigest> {
    this.ending = true;
    await this.settled();
    if (this.fault) throw this.fault;
    if (size < this.part.end) this.truncate(size);
    try {
      return (this.stored ??= await this.makeObject());
    } catch (error) {
      throw this.brokenBy(error);
    }
  }

  async complete(): Promise<void> {
    await this.digest(this.part.end);
    // Gateways that held the session before, or a call whose answer was lost, may have begun multipart uploads.
    if (this.hadBegun || this.sender.hasBegun || this.tails.isUsed) await this.removals.unfinished();
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
    await this.settled();
    await this.tails.settled();
    this.part.release();
    this.shared.memory.leave(this);
  }

  spill(): Promise<void> {
    const { part } = this;
    return this.saving.run(async () => {
      // A part that was sent meanwhile, or is about to be, gives its memory back by itself.
      if (part !== this.part || this.spillableBytes === 0) return;
      await this.saveTail(part);
      if (part === this.part && this.spillableBytes > 0) part.spill(this.tails.tails);
    });
  }

  private async settled(): Promise<void> {
    await this.sender.settled();
    await this.saving.settled();
  }

  private async sendPart(digest: Promise<PartDigest | undefined>, end?: Checkpoint): Promise<void> {
    const { part } = this;
    this.part = new GrowingPart(part.span.end, this.fileId, this.shared.store);
    this.partStart = end;
    this.full.add(part);
    this.sender.send(part, digest, async (error) => {
      if (error !== undefined) this.brokenBy(error);
      await this.saving.settled();
      this.full.delete(part);
      part.release();
    });
    await this.sender.room();
  }

  private async saveTail(part: GrowingPart, upTo?: number): Promise<void> {
    if (this.closed) throw new Error('the file is closed');
    try {
      this.tails.tailSaved(await part.save(upTo));
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

  private async makeObject(): Promise<StoredDigest> {
    const sent = await this.hashing?.finish();
    this.hashing = undefined;
    const { object, parts } = await this.sendRest(sent?.whole.crc32, sent?.last);
    if (sent && isProven(object, sent.whole, parts)) return sent.whole;
    return readBack(this.shared.store, fileKey(this.fileId), this.shared.digests);
  }

  /** A file of less than a part needs no multipart upload. */
  private async sendRest(crc32: number | undefined, last: PartDigest | undefined) {
    if (!this.sender.hasBegun) {
      const object = await this.shared.store.put(fileKey(this.fileId), this.part.body(), last);
      return { object, parts: last ? [last] : [] };
    }
    if (this.part.bytes > 0) await this.sendPart(Promise.resolve(last));
    await this.sender.settled();
    if (this.fault) throw this.fault;
    return this.sender.complete(crc32);
  }

  private brokenBy(error: unknown): BrokenFileError {
    const message = error instanceof Error ? error.message : String(error);
    return (this.fault ??= new BrokenFileError(message, { cause: error }));
  }
}
