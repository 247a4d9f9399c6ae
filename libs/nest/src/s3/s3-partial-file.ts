import { SerialQueue } from '../session/serial-queue.js';
import type { PartDigest } from '../storage/passing-digest-worker.js';
import type { PassingDigest, PassingDigests } from '../storage/passing-digests.js';
import type { PartialFile, StoredDigest } from '../storage/storage-backend.js';
import type { Resumption } from './found-upload.js';
import { GrowingPart, piecesOver } from './growing-part.js';
import { HeldChunk } from './held-chunk.js';
import type { ObjectStore } from './object-store.js';
import { partAt } from './part-layout.js';
import type { PartMemory, WaitingBytes } from './part-memory.js';
import { PartSender } from './part-sender.js';
import { fileKey, pieceKey, type Piece } from './pieces.js';
import { readBack } from './read-back.js';
import { isProven } from './stored-proof.js';

/** What the files of one store share. */
export interface SharedParts {
  readonly store: ObjectStore;
  readonly memory: PartMemory;
  readonly digests: PassingDigests;
  readonly partsAtOnce: number;
}

/** Two parts: with chunks that fit into parts, nothing has to be saved in a piece for it. */
const SYNC_EVERY_BYTES = 16 * 1024 * 1024;

/** An upload that grows in the object store, part by part. */
export class S3PartialFile implements PartialFile, WaitingBytes {
  readonly keepsUnsynced = false;
  readonly syncEveryBytes = SYNC_EVERY_BYTES;
  readonly size: number;
  private part: GrowingPart;
  private readonly sender: PartSender;
  private pieces: readonly Piece[];
  /** The offsets of the last two syncs: either may be the one that was noted. */
  private synced: readonly number[];
  private hashing: PassingDigest | undefined;
  private stored: StoredDigest | undefined;
  private readonly saving = new SerialQueue();
  private fault: Error | undefined;
  private ending = false;
  private closed = false;

  constructor(
    private readonly fileId: string,
    private readonly shared: SharedParts,
    resumption: Resumption,
  ) {
    const { offset, uploadId, parts, tail, pieces } = resumption;
    this.size = offset;
    this.part = new GrowingPart(offset, fileId, shared.store, tail);
    this.sender = new PartSender(shared.store, fileKey(fileId), shared.partsAtOnce, uploadId, parts);
    this.pieces = pieces;
    this.synced = [offset];
    // What was sent before can't be hashed by now; then all is read back at the end.
    if (offset === 0) this.hashing = shared.digests.open();
    shared.memory.join(this);
  }

  get isBroken(): boolean {
    return this.fault !== undefined;
  }

  get waitingBytes(): number {
    return this.closed || this.ending || this.isBroken ? 0 : this.part.heldBytes;
  }

  async append(offset: number, bytes: Uint8Array): Promise<void> {
    const { length } = bytes;
    await this.shared.memory.take(length);
    if (this.closed || this.fault) {
      this.shared.memory.give(length);
      throw this.fault ?? new Error('the file is closed');
    }
    const cuts = partEndsWithin(offset, length);
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
      await this.sendPart(passed.then(({ parts }) => parts[index]));
    }
    this.shared.memory.changed();
  }

  async sync(): Promise<void> {
    const { part } = this;
    const { end } = part;
    await this.sender.settled();
    await this.save(part);
    // It may have become full meanwhile.
    await this.sender.settled();
    if (this.fault) throw this.fault;
    this.synced = [end, ...this.synced.slice(0, 1)];
    await this.removePieces(this.needlessPieces());
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
      this.break(error);
      throw error;
    }
  }

  async complete(): Promise<void> {
    await this.digest(this.part.end);
    await this.removePieces(this.pieces);
    if (this.size === 0) return;
    // Gateways that held it before may each have begun an upload.
    const { store } = this.shared;
    for await (const { key, uploadId } of store.list.uploads(fileKey(this.fileId))) {
      if (key === fileKey(this.fileId)) await store.abortUpload(key, uploadId);
    }
  }

  async abort(): Promise<void> {
    await this.close();
    await this.sender.abort();
    await this.removePieces(this.pieces);
    if (this.stored) await this.shared.store.remove(fileKey(this.fileId));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.hashing?.discard();
    this.hashing = undefined;
    await this.sender.settled();
    await this.saving.settled();
    this.part.release();
    this.shared.memory.leave(this);
  }

  spill(): Promise<void> {
    const { part } = this;
    return this.saving.run(async () => {
      await this.saveNow(part);
      if (part === this.part && this.waitingBytes > 0) part.spill(this.pieces);
    });
  }

  private async sendPart(digest: Promise<PartDigest | undefined>): Promise<void> {
    const { part } = this;
    this.part = new GrowingPart(part.span.end, this.fileId, this.shared.store);
    this.sender.send(part, digest, async (error) => {
      if (error !== undefined) this.break(error);
      await this.saving.settled();
      part.release();
    });
    await this.sender.room();
  }

  private save(part: GrowingPart): Promise<void> {
    return this.saving.run(() => this.saveNow(part));
  }

  private async saveNow(part: GrowingPart): Promise<void> {
    // A part that was sent meanwhile, or is about to be, needs no piece.
    if (part !== this.part || this.closed) return;
    try {
      const piece = await part.save();
      if (piece) this.pieces = [...this.pieces, piece];
    } catch (error) {
      this.break(error);
      throw error;
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

  /** All but those from which the file could go on at one of the last two syncs. */
  private needlessPieces(): Piece[] {
    const needed = this.synced.flatMap((offset) => piecesOver(this.pieces, partAt(offset).start, offset));
    const kept = new Set([...needed, ...this.part.pieces]);
    return this.pieces.filter((piece) => !kept.has(piece));
  }

  /** What can't be removed now stays until the upload ends, or the sweep finds it. */
  private async removePieces(pieces: readonly Piece[]): Promise<void> {
    const gone = new Set(pieces);
    this.pieces = this.pieces.filter((piece) => !gone.has(piece));
    const removals = pieces.map((piece) => this.shared.store.remove(pieceKey(this.fileId, piece)));
    await Promise.allSettled(removals);
  }

  private break(error: unknown): void {
    this.fault ??= error instanceof Error ? error : new Error(String(error));
  }
}

/** Where parts end within so many bytes at an offset, counted from there. */
function partEndsWithin(offset: number, length: number): number[] {
  const ends: number[] = [];
  for (let { end } = partAt(offset); end <= offset + length; { end } = partAt(end)) ends.push(end - offset);
  return ends;
}
